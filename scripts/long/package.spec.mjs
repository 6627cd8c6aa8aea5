import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { shippedPackages } from '../release/shipped-packages.mjs';
import { ROOT_FILES, stagePackage } from '../release/stage-package.mjs';
import { ROOT } from '../workspace.mjs';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

let scratch;
let folder;
/** Paths of all our files of the package, relative to it. */
let files;
/** What the live page loads, by path, as its server reads it. */
let pageFiles;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'onescan-staged-'));
  folder = join(scratch, 'onescan');
  stagePackage({ root: ROOT, folder, commit: COMMIT, withDependencies: true });
  files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => /^(node_modules\/@onescan\/[^/]+\/)?(?!node_modules\/)/.test(path));
  const coordinator = join(folder, 'node_modules/@onescan/coordinator');
  pageFiles = (await import(join(coordinator, 'dist/page/page-files.js'))).readPageFiles();
}, 120_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }), 120_000);

const ownPackageOf = (path) => /^node_modules\/(@[^/]+\/[^/]+)/.exec(path)?.[1];

it('has what runs, and nothing of tests, types and sources', () => {
  expect(files).toContain('bin/onescan.mjs');
  expect(files).toContain('proto/onescan/v1/coordinator.proto');
  expect(files).toContain('LICENSE');
  expect(files.filter((path) => path.endsWith('.wasm')).length).toBeGreaterThan(5);
  expect(files.filter((path) => path.endsWith('demo-run.yaml'))).toHaveLength(1);
  const unwanted = /\.(spec|fixture)\.|\/testing\/|\/long\/|\.map$|\.ts$|tsbuildinfo|\/e2e\/|\/bench\//;
  expect(files.filter((path) => unwanted.test(path))).toEqual([]);
});

it('has all that the live page loads, and what its scripts import', () => {
  expect([...pageFiles.keys()]).toEqual(expect.arrayContaining(['/', '/page.css', '/lib/preact.js']));
  for (const [path, { body }] of pageFiles) {
    const imported = path.endsWith('.js')
      ? [...String(body).matchAll(/^(?:import|export) .*from ['"](?<name>.+)['"];$/gm)]
      : [];
    const names = imported.map(({ groups }) => new URL(groups.name, `http://page${path}`).pathname);
    expect(names.filter((name) => !pageFiles.has(name))).toEqual([]);
  }
  expect(String(pageFiles.get('/app/main.js').body)).toMatch(/^import .* from '\/lib\/preact\.js';$/m);
});

it('bundles every workspace that the command needs, all of them saying what they were made of', () => {
  const { bundleDependencies, dependencies, gitHead } = JSON.parse(
    readFileSync(join(folder, 'package.json')),
  );
  expect(bundleDependencies).toEqual(shippedPackages(ROOT).map(({ name }) => name));
  expect(new Set(files.map(ownPackageOf).filter(Boolean))).toEqual(new Set(bundleDependencies));
  for (const name of bundleDependencies) {
    expect(dependencies).toHaveProperty([name]);
    const own = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json')));
    expect(own).toMatchObject({ version, gitHead, license: 'Apache-2.0' });
    for (const path of Object.values(own.exports)) {
      expect(path.includes('*') || files.includes(join('node_modules', name, path)), `${name} ${path}`).toBe(
        true,
      );
    }
  }
  expect(gitHead).toBe(COMMIT);
});

it('is refused when a workspace is not built', () => {
  const root = join(scratch, 'checkout');
  mkdirSync(join(root, 'app'), { recursive: true });
  const write = (path, value) => writeFileSync(join(root, path), JSON.stringify(value));
  for (const name of ROOT_FILES) write(name, '');
  write('package.json', { name: 'onescan', workspaces: ['app'] });
  write('package-lock.json', { packages: { 'node_modules/app': { link: true, resolved: 'app' } } });
  write('app/package.json', { name: 'app', version: '1.0.0', bin: { onescan: 'bin.mjs' } });
  write('app/bin.mjs', '');
  expect(() => stagePackage({ root, folder: join(scratch, 'half') })).toThrow(
    'app is not built: npm run build',
  );
});

it('has every file and every dependency that its code imports', () => {
  const missing = files.filter((path) => /\.m?js$/.test(path)).flatMap((path) => missingImports(path));
  expect(missing).toEqual([]);
});

/** What a file imports that is neither in the package nor a dependency of the workspace it belongs to. */
function missingImports(path) {
  const own = join(folder, 'node_modules', ownPackageOf(path) ?? '', 'package.json');
  const declared = existsSync(own) ? JSON.parse(readFileSync(own)).dependencies : {};
  const text = readFileSync(join(folder, path), 'utf8');
  const imported = text.matchAll(
    /(?:^import|^(?:import|export) [^'";]*? from|^\} from|\bimport\() ?['"](?<name>[^'"\n]+)['"]/gm,
  );
  return [...imported]
    .map(({ groups }) => groups.name)
    .filter((name) => {
      if (name.startsWith('node:') || builtinModules.includes(name)) return false;
      // Of the page, by the paths of its server.
      if (name.startsWith('/')) return !pageFiles.has(name);
      if (name.startsWith('.')) return !existsSync(join(folder, dirname(path), name));
      return declared?.[/^(@[^/]+\/)?[^/]+/.exec(name)[0]] === undefined;
    })
    .map((name) => `${path}: ${name}`);
}

it('says version and commit where there is no checkout, the command and every service', () => {
  const say = (...args) =>
    execFileSync(process.execPath, [join(folder, 'bin/onescan.mjs'), ...args], { encoding: 'utf8' });
  expect(say('--version')).toBe(`onescan ${version} (0123456789ab)\n`);
  for (const service of ['fetcher', 'coordinator', 'trainer']) {
    expect(say('serve', service, '--version')).toBe(`onescan-${service} ${version} (0123456789ab)\n`);
  }
}, 120_000);
