import { accessSync, constants, existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { outdatedPackages } from '../libs/cli/bin/installed-packages.mjs';
import { runCommand } from './run-command.mjs';
import { ROOT } from './workspace.mjs';

/**
 * What is built with is a development dependency, and what runs on this system an optional one: both are wanted,
 * whatever NODE_ENV, ~/.npmrc or npm_config_... say, and here, not in a global folder.
 */
const FLAGS = [
  '--include=dev',
  '--include=optional',
  '--include=peer',
  '--global=false',
  '--dry-run=false',
  '--package-lock=true',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
];
const NAMED = 5;

/** Runs `npm ci` when node_modules does not match the lockfile. Throws when that fails or leaves something out. */
export async function ensureInstalled(root = ROOT) {
  const outdated = outdatedPackages(root);
  if (outdated.length === 0) return;
  requireWritable(root);
  console.error(`Installing packages (npm ci): ${outdated.length} are missing or changed ...`);
  const code = await runNpm(['ci', ...FLAGS, ...cacheFlags()], root);
  if (code !== 0) {
    throw new Error(
      `npm ci failed with exit code ${code}; its message is above. ` +
        'Check the network and the disk, then run the command again.',
    );
  }
  const missing = outdatedPackages(root);
  if (missing.length > 0) throw new Error(leftOut(missing));
}

/** Installing again would leave out the same. */
function leftOut(missing) {
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : '';
  return (
    `npm left out ${missing.slice(0, NAMED).join(', ')}${more}, without which nothing can be built or run. ` +
    'Look for omit, os, cpu or libc in ~/.npmrc and in the npm_config_ variables of the environment, and run the command again.'
  );
}

function requireWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new Error(
      `packages must be installed, and ${folder} cannot be written. Run npm run setup as somebody who may, or copy the checkout.`,
    );
  }
}

/** npm keeps its cache in the home folder; where there is none that can be written, in the folder for temporary files. */
function cacheFlags() {
  const given = Object.keys(process.env).some((name) => name.toLowerCase() === 'npm_config_cache');
  if (given && !isUnusable(process.env.npm_config_cache ?? '')) return [];
  return isUnusable(join(homedir(), '.npm')) ? [`--cache=${join(tmpdir(), 'onescan-npm-cache')}`] : [];
}

function isUnusable(folder) {
  try {
    const nearest = [folder, join(folder, '..')].find((each) => existsSync(each));
    if (nearest === undefined) return true;
    accessSync(nearest, constants.W_OK);
    return false;
  } catch {
    return true;
  }
}

/** The npm that started this script, else the one on the path. */
function runNpm(args, cwd) {
  const own = process.env.npm_execpath;
  if (own?.endsWith('.js')) return runCommand(process.execPath, [own, ...args], { cwd });
  return runCommand('npm', args, { cwd }).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error('there is no npm on the PATH. Install Node.js with npm from https://nodejs.org.');
  });
}
