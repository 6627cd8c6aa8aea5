import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outdatedPackages, thisSystem } from '../libs/cli/bin/installed-packages.mjs';
import { ROOT } from './workspace.mjs';

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'onescan-install-'));
});
afterEach(() => {
  chmodSync(root, 0o755);
  rmSync(root, { recursive: true, force: true });
});

function write(path, value) {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), JSON.stringify(value));
}

describe('outdatedPackages', () => {
  const SYSTEM = { os: 'linux', cpu: 'x64', libc: 'glibc' };
  const PACKAGES = {
    '': { name: 'root' },
    'libs/own': { name: '@own/own' },
    'node_modules/needed': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/dev': { version: '1.0.0', integrity: 'sha512-b', dev: true },
    'node_modules/@x/native-linux-x64': {
      version: '2.0.0',
      optional: true,
      os: ['linux'],
      cpu: ['x64'],
      libc: ['glibc'],
    },
    'node_modules/@x/native-linux-x64-musl': {
      version: '2.0.0',
      optional: true,
      os: ['linux'],
      cpu: ['x64'],
      libc: ['musl'],
    },
    'node_modules/@x/native-darwin-arm64': {
      version: '2.0.0',
      optional: true,
      os: ['darwin'],
      cpu: ['arm64'],
    },
    'node_modules/nice': { version: '1.0.0', optional: true },
  };
  const FITTING = ['node_modules/needed', 'node_modules/dev', 'node_modules/@x/native-linux-x64'];

  function install(paths, changes = {}) {
    write('package-lock.json', { packages: PACKAGES });
    const record = Object.fromEntries(paths.map((path) => [path, { ...PACKAGES[path], ...changes[path] }]));
    write('node_modules/.package-lock.json', { packages: record });
    for (const path of paths) mkdirSync(join(root, path), { recursive: true });
  }

  it('misses nothing where all that fits this system is installed', () => {
    install(FITTING);
    expect(outdatedPackages(root, SYSTEM)).toEqual([]);
  });

  it.each([
    ['a development package', 'node_modules/dev', 'dev'],
    ['a package of this system', 'node_modules/@x/native-linux-x64', '@x/native-linux-x64'],
  ])('names %s that was left out', (_, path, name) => {
    install(FITTING.filter((each) => each !== path));
    expect(outdatedPackages(root, SYSTEM)).toEqual([name]);
  });

  it('names the packages of another system', () => {
    install(FITTING);
    expect(outdatedPackages(root, { ...SYSTEM, libc: 'musl' })).toEqual(['@x/native-linux-x64-musl']);
    expect(outdatedPackages(root, { os: 'darwin', cpu: 'arm64', libc: 'musl' })).toEqual([
      '@x/native-darwin-arm64',
    ]);
  });

  it('names a package of another version, and one whose folder was removed', () => {
    install(FITTING, { 'node_modules/needed': { version: '0.9.0' } });
    expect(outdatedPackages(root, SYSTEM)).toEqual(['needed']);
    install(FITTING);
    rmSync(join(root, 'node_modules/dev'), { recursive: true });
    expect(outdatedPackages(root, SYSTEM)).toEqual(['dev']);
  });

  it('names all where nothing is installed', () => {
    write('package-lock.json', { packages: PACKAGES });
    expect(outdatedPackages(root, SYSTEM)).toEqual(['needed', 'dev', '@x/native-linux-x64']);
  });

  it('finds this checkout whole, with a package made for this system', () => {
    expect(outdatedPackages(ROOT)).toEqual([]);
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
    const { os, cpu } = thisSystem();
    expect(existsSync(join(ROOT, `node_modules/@duckdb/node-bindings-${os}-${cpu}`))).toBe(true);
    expect(lock[`node_modules/@duckdb/node-bindings-${os}-${cpu}`].optional).toBe(true);
  });
});

/** Runs ensureInstalled on the folder with these variables; its exit code and what it said. */
function ensureInstalled(env) {
  const module = join(ROOT, 'scripts/ensure-installed.mjs');
  const script = `import(${JSON.stringify(module)}).then((m) => m.ensureInstalled(${JSON.stringify(root)})).catch((e) => { console.error(e.message); process.exit(5); })`;
  const { npm_execpath: _, ...outer } = process.env;
  return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', env: { ...outer, ...env } });
}

/** A workspace whose packages lie in it, so that installing needs no network. */
function writeWorkspace() {
  for (const name of ['a', 'b', 'c']) write(`${name}/package.json`, { name, version: '1.0.0' });
  write('package.json', {
    name: 'root',
    dependencies: { a: 'file:a' },
    devDependencies: { b: 'file:b' },
    optionalDependencies: { c: 'file:c' },
  });
  execFileSync(
    'npm',
    ['install', '--package-lock-only', '--include=dev', '--include=optional', '--offline'],
    {
      cwd: root,
      env: { ...process.env, NODE_ENV: '', HOME: root },
    },
  );
}

describe('ensureInstalled', { timeout: 60_000 }, () => {
  it.each([
    [
      'NODE_ENV=production and a ~/.npmrc that leaves all out',
      { NODE_ENV: 'production' },
      'omit[]=dev\nomit[]=optional\nignore-scripts=true\nglobal=true\ndry-run=true\n',
    ],
    [
      'npm_config_omit and a HOME that cannot be written',
      { npm_config_omit: 'optional', HOME: '/nowhere' },
      '',
    ],
  ])('installs all with %s, once', (_, env, npmrc) => {
    writeWorkspace();
    writeFileSync(join(root, '.user-npmrc'), npmrc);
    const variables = {
      HOME: root,
      npm_config_userconfig: join(root, '.user-npmrc'),
      npm_config_offline: 'true',
      ...env,
    };
    const first = ensureInstalled(variables);
    expect(first.stderr).toContain('Installing packages (npm ci)');
    expect(first.status).toBe(0);
    for (const name of ['a', 'b', 'c']) expect(existsSync(join(root, 'node_modules', name)), name).toBe(true);
    const second = ensureInstalled(variables);
    expect(second).toMatchObject({ status: 0, stderr: '' });
  });

  it('says at once when the checkout cannot be written', () => {
    if (process.getuid?.() === 0)
      return console.warn('root may write everywhere: a read-only checkout is not tested');
    writeWorkspace();
    chmodSync(root, 0o555);
    const { status, stderr } = ensureInstalled({ HOME: root });
    expect(stderr).toBe(
      `packages must be installed, and ${root} cannot be written. Run npm run setup as somebody who may, or copy the checkout.\n`,
    );
    expect(status).toBe(5);
  });
});
