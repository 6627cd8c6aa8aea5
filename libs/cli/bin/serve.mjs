// Runs one service as this very process, so that signals, memory limits and exit codes are its own.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { pathToFileURL } from 'node:url';

export const SERVICES = Object.freeze(['fetcher', 'coordinator', 'trainer']);
const EXIT_BAD_USAGE = 2;
const EARLY_SIGNALS = new URL('./early-signals.mjs', import.meta.url).href;
const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/**
 * The main file of a service, in a checkout (where it is there once that is built) as well as in an installed package.
 *
 * @param {string} name one of SERVICES
 * @returns {string}
 */
export function serviceEntry(name) {
  return createRequire(import.meta.url).resolve(`@onescan/${name}/main.js`);
}

/**
 * `onescan serve SERVICE [flags]`.
 *
 * @param {readonly string[]} argv what stands behind "serve"
 */
export async function serve([name, ...flags]) {
  if (!SERVICES.includes(name)) {
    console.error(
      `onescan: there is no service ${name ?? 'without a name'}. Name one: onescan serve ${SERVICES.join('|')}`,
    );
    process.exit(EXIT_BAD_USAGE);
  }
  await import('./early-signals.mjs');
  const entry = serviceEntry(name);
  const nodeFlags = await nodeFlagsOf(name);
  if (nodeFlags.length === 0) {
    process.argv = [process.execPath, entry, ...flags];
    await import(pathToFileURL(entry).href);
    return;
  }
  const early = ['--import', EARLY_SIGNALS];
  const args = [...process.execArgv, ...nodeFlags, ...early, entry, ...flags];
  if (process.execve) process.execve(process.execPath, [process.execPath, ...args], process.env);
  else await runAsChild(args);
}

async function nodeFlagsOf(name) {
  if (name !== 'fetcher') return [];
  const { FETCHER_NODE_FLAGS } = await import('@onescan/process/fetcher-node-flags.js');
  return FETCHER_NODE_FLAGS;
}

/** Where a process cannot become another one (Node before 22.15): a child that gets every signal and whose end is ours. */
async function runAsChild(args) {
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...how) => resolve(how));
  });
  process.exit(code ?? 128 + constants.signals[signal]);
}
