import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './workspace.mjs';

/**
 * Runs a program in the checkout and resolves with its exit code (130 when a signal ended it).
 * `stdio` as in node:child_process; the output goes to stderr by default, so stdout stays data.
 */
export function runCommand(
  program,
  args,
  { stdio = ['ignore', process.stderr, process.stderr], env, cwd = ROOT } = {},
) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio, env: { ...process.env, ...env } });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 130));
  });
}

/** Runs the JavaScript entry of an installed package with this same Node. */
export function runPackage(entry, args, options) {
  return runCommand(process.execPath, [join(ROOT, 'node_modules', entry), ...args], options);
}

/** Runs Nx. Its banner and summaries go to stderr; colours only where that is a terminal. */
export function runNx(args) {
  return runPackage('nx/dist/bin/nx.js', args, { env: process.stderr.isTTY ? {} : { FORCE_COLOR: '0' } });
}
