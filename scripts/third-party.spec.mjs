import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { LIST, productionPackages, readLock, thirdPartyList } from './third-party.mjs';
import { ROOT } from './workspace.mjs';

/** Licences that ask for no more than their notice; another one is a decision, to be taken before it is added here. */
const ALLOWED = ['MIT', 'ISC', '0BSD', 'BSD-3-Clause', 'Apache-2.0', '(Apache-2.0 AND BSD-3-Clause)'];

const packages = productionPackages(readLock());

it('THIRD-PARTY.md lists what the lockfile says', () => {
  expect(readFileSync(LIST, 'utf8'), 'run: node scripts/third-party.mjs').toBe(thirdPartyList(readLock()));
});

it('every licence is one that was decided on', () => {
  expect(packages.filter(({ license }) => !ALLOWED.includes(license))).toEqual([]);
});

it('every package that the code of a workspace reaches is listed, with the licence that it states', () => {
  const listed = new Map(packages.map(({ name, version, license }) => [`${name} ${version}`, license]));
  const reached = reachablePackages();
  expect(reached.size).toBeGreaterThan(50);
  const wrong = [...reached].filter(([id, license]) => listed.get(id) !== license);
  expect(wrong).toEqual([]);
});

/** Name and version of every installed package that is a dependency of a workspace, or of one of those; its licence. */
function reachablePackages() {
  const reached = new Map();
  const seen = new Set();
  const visit = (folder, isOwn) => {
    if (seen.has(folder)) return;
    seen.add(folder);
    const { name, version, license, dependencies = {}, optionalDependencies = {} } = readPackage(folder);
    if (!isOwn) reached.set(`${name} ${version}`, license);
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = needed.startsWith('@onescan/') ? undefined : resolved(folder, needed);
      if (found) visit(found, false);
    }
  };
  for (const workspace of workspaces()) visit(join(ROOT, workspace), true);
  return reached;
}

function readPackage(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Folder of a package as Node.js finds it; undefined for one that is not installed on this system. */
function resolved(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
    if (folder === dirname(folder)) return undefined;
  }
}

function workspaces() {
  return readPackage(ROOT).workspaces.flatMap((pattern) =>
    pattern.endsWith('/*')
      ? readdirSync(join(ROOT, pattern.slice(0, -2)))
          .map((name) => join(pattern.slice(0, -2), name))
          .filter((folder) => existsSync(join(ROOT, folder, 'package.json')))
      : [pattern],
  );
}
