import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fitsSystem } from '../../libs/cli/bin/installed-packages.mjs';

/**
 * What the shipped workspaces need of others' packages at run time, directly or not, as the lockfile has it.
 *
 * @param {string} root folder of the checkout
 * @param {{folder: string}[]} shipped
 * @returns {Map<string, object>} entries of the lockfile by path, e.g. "node_modules/pino", optional ones for other
 *   systems left out
 */
export function productionPackages(root, shipped) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const found = new Map();
  const visit = (from, entry) => {
    const optional = entry.optionalDependencies ?? {};
    for (const name of Object.keys({ ...entry.dependencies, ...entry.peerDependencies, ...optional })) {
      const path = resolve(packages, from, name);
      const isWanted = path && !packages[path].link && !found.has(path) && fitsSystem(packages[path]);
      if (!isWanted) continue;
      found.set(path, packages[path]);
      visit(path, packages[path]);
    }
  };
  for (const { folder } of shipped) visit(folder, packages[folder]);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where Node finds a package for a file in `from`; undefined when it is not installed. */
function resolve(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[path]) return path;
    if (folder === '') return undefined;
  }
}
