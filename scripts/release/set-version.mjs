import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaces } from './shipped-packages.mjs';

const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

/**
 * Gives the product another version: the root, every workspace, what workspaces say of each other, and the lockfile.
 *
 * @param {string} root folder of the checkout
 * @param {string} version e.g. "0.2.0"
 */
export function setVersion(root, version) {
  if (!VERSION.test(version)) throw new Error(`"${version}" is not a version such as 0.2.0`);
  const all = workspaces(root);
  const names = new Set(all.map(({ name }) => name));
  for (const folder of ['.', ...all.map((workspace) => workspace.folder)]) {
    change(join(root, folder, 'package.json'), (json) => raised(json, names, version));
  }
  change(join(root, 'package-lock.json'), (lock) => {
    const own = ['', ...all.map(({ folder }) => folder)];
    const packages = Object.entries(lock.packages).map(([path, entry]) => [
      path,
      own.includes(path) ? raised(entry, names, version) : entry,
    ]);
    return { ...lock, version, packages: Object.fromEntries(packages) };
  });
}

function raised(json, names, version) {
  const dependencies = Object.entries(json.dependencies ?? {}).map(([name, wanted]) => [
    name,
    names.has(name) ? version : wanted,
  ]);
  return {
    ...json,
    version,
    ...(json.dependencies === undefined ? {} : { dependencies: Object.fromEntries(dependencies) }),
  };
}

function change(path, how) {
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, `${JSON.stringify(how(JSON.parse(text)), undefined, 2)}\n`);
}
