import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ROOT } from '../workspace.mjs';
import { setVersion } from './set-version.mjs';
import { workspaces } from './shipped-packages.mjs';

let copy;

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'onescan-version-'));
  const folders = workspaces(ROOT).map(({ folder }) => `${folder}/package.json`);
  for (const path of ['package.json', 'package-lock.json', ...folders]) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(ROOT, path), join(copy, path));
  }
});
afterEach(() => rmSync(copy, { recursive: true, force: true }));

const read = (path) => JSON.parse(readFileSync(join(copy, path), 'utf8'));

it('raises the root, all workspaces, what they say of each other and the lockfile, and nothing else', () => {
  const before = read('package-lock.json');
  setVersion(copy, '9.8.7');
  const lock = read('package-lock.json');
  for (const { folder, packageJson } of workspaces(copy)) {
    expect(packageJson.version).toBe('9.8.7');
    expect(lock.packages[folder].version).toBe('9.8.7');
    const own = Object.entries(packageJson.dependencies ?? {}).filter(([name]) =>
      name.startsWith('@onescan/'),
    );
    for (const [, wanted] of own) expect(wanted).toBe('9.8.7');
    expect(lock.packages[folder].dependencies ?? {}).toEqual(packageJson.dependencies ?? {});
  }
  expect(read('package.json').version).toBe('9.8.7');
  expect([lock.version, lock.packages[''].version]).toEqual(['9.8.7', '9.8.7']);
  const others = ({ packages }) =>
    Object.entries(packages).filter(([path]) => path.includes('node_modules/'));
  expect(others(lock)).toEqual(others(before));
});

it('refuses what is no version', () => {
  expect(() => setVersion(copy, 'v2')).toThrow('"v2" is not a version');
});
