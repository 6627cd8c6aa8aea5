import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** The command that the product is called by. */
const COMMAND = 'onescan';

/**
 * The workspaces that users get: the one that has the command, with all that it needs, directly or not. Nothing is
 * listed by name, so a workspace that is added, moved or split is shipped as soon as another one depends on it.
 *
 * @param {string} root folder of the checkout
 * @returns {{name: string, folder: string, packageJson: object}[]} folders relative to the root, by name
 */
export function shippedPackages(root) {
  const all = new Map(workspaces(root).map((workspace) => [workspace.name, workspace]));
  const command = [...all.values()].find(({ packageJson }) => packageJson.bin?.[COMMAND]);
  if (!command) throw new Error(`no workspace has the command ${COMMAND} in its "bin"`);
  const shipped = new Set([command]);
  for (const { packageJson } of shipped) {
    for (const name of Object.keys(packageJson.dependencies ?? {})) {
      if (all.has(name)) shipped.add(all.get(name));
    }
  }
  return [...shipped].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The path of the command's file in the workspace that has it, and that workspace's name. */
export function commandFile(packages) {
  const { name, packageJson } = packages.find((each) => each.packageJson.bin?.[COMMAND]);
  return { name, path: packageJson.bin[COMMAND] };
}

/** All workspaces: the lockfile links each to its folder. */
export function workspaces(root) {
  const { packages } = readJson(join(root, 'package-lock.json'));
  return Object.values(packages)
    .filter(({ link }) => link)
    .map(({ resolved: folder }) => {
      const packageJson = readJson(join(root, folder, 'package.json'));
      return { name: packageJson.name, folder, packageJson };
    });
}
