import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.mjs';
import { ROOT } from './workspace.mjs';

/**
 * Names of required packages that are missing from node_modules or have another version than the
 * lockfile says. Reads the record that npm itself keeps of what it installed, so it costs a few
 * milliseconds and a finished `npm ci`, by whomever, is recognised.
 */
export function outdatedPackages(root = ROOT) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const record = join(root, 'node_modules', '.package-lock.json');
  const installed = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')).packages : {};
  return Object.entries(lock)
    .filter(([path, entry]) => path.includes('node_modules/') && !entry.optional)
    .filter(([path, entry]) => {
      const have = installed[path];
      return have === undefined || have.version !== entry.version || have.integrity !== entry.integrity;
    })
    .map(([path]) => path);
}

/** Runs `npm ci` when node_modules does not match the lockfile. Throws when that fails. */
export async function ensureInstalled() {
  const outdated = outdatedPackages();
  if (outdated.length === 0) return;
  console.error(`Installing packages (npm ci): ${outdated.length} are missing or changed ...`);
  const code = await runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (code !== 0) {
    throw new Error(
      `npm ci failed with exit code ${code}; its message is above. ` +
        'Check the network and the disk, then run the command again.',
    );
  }
}

/** The npm that started this script, else the one on the path. */
function runNpm(args) {
  const own = process.env.npm_execpath;
  if (own?.endsWith('.js')) return runCommand(process.execPath, [own, ...args]);
  return runCommand('npm', args);
}
