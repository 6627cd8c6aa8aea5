import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listProjects, ROOT } from '../workspace.mjs';

const COPIED = ['nx.json', 'package.json', 'package-lock.json', 'tsconfig.base.json', 'README.md'];
const FOLDERS = ['docs', 'proto'];
const PROJECTS = listProjects().filter(({ targets }) => targets.test);

let copy;

/** The checkout as Nx sees it, with tests that do nothing and are done at once. */
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'onescan-inputs-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name));
  for (const name of FOLDERS) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  cpSync(join(ROOT, 'scripts'), join(copy, 'scripts'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const { folder } of PROJECTS) {
    mkdirSync(join(copy, folder), { recursive: true });
    const project = JSON.parse(readFileSync(join(ROOT, folder, 'project.json'), 'utf8'));
    const test = { ...project.targets.test, options: { command: 'node -e 0' }, dependsOn: [] };
    const packageJson = { name: project.name, version: '0.1.0', private: true };
    write(
      `${folder}/project.json`,
      JSON.stringify({ ...project, targets: { test }, implicitDependencies: [] }),
    );
    if (folder !== 'scripts') write(`${folder}/package.json`, JSON.stringify(packageJson));
  }
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

function write(path, text) {
  mkdirSync(dirname(join(copy, path)), { recursive: true });
  writeFileSync(join(copy, path), text);
}

/** Names of the projects whose tests Nx ran and did not take from its cache. */
function testsRun() {
  const nx = join(ROOT, 'node_modules/nx/dist/bin/nx.js');
  const args = ['run-many', '-t', 'test', '--outputStyle=static', '--parallel=4'];
  const env = { ...process.env, FORCE_COLOR: '0', NX_WORKSPACE_ROOT_PATH: copy };
  const output = execFileSync(process.execPath, [nx, ...args], { cwd: copy, encoding: 'utf8', env });
  const names = [...output.matchAll(/nx run ([\w-]+):test(.*)$/gm)];
  expect(names).toHaveLength(PROJECTS.length);
  return names.filter(([, , how]) => !how.includes('cache')).map(([, name]) => name);
}

it('tests run again when documentation, proto or scripts changed, and only then', () => {
  expect(testsRun()).toHaveLength(PROJECTS.length);
  expect(testsRun()).toEqual([]);
  for (const path of ['docs/cli.md', 'proto/onescan/v1/spec.proto', 'scripts/start.mjs']) {
    write(path, `${readFileSync(join(copy, path), 'utf8')}\n// changed\n`);
    expect(testsRun(), path).toHaveLength(PROJECTS.length);
  }
}, 120_000);

it('the Node that runs the tests is an input of all of them', () => {
  const printed = execFileSync(process.execPath, [join(ROOT, 'scripts/print-surroundings.mjs')], {
    encoding: 'utf8',
  });
  expect(printed).toContain(process.version);
  const { namedInputs, targetDefaults } = JSON.parse(readFileSync(join(ROOT, 'nx.json'), 'utf8'));
  expect(namedInputs.readByTests).toContainEqual({ runtime: 'node scripts/print-surroundings.mjs' });
  expect(targetDefaults.test.inputs).toContain('readByTests');
  for (const { name, targets } of PROJECTS) expect(targets.test.inputs, name).toBeUndefined();
});
