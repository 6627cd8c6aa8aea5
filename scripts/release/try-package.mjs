import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** What each command may take on a busy machine. */
const COMMAND_MS = 15 * 60_000;
const SMALL = ['--pairs', 'usdjpy', '--horizons', '15', '--rows', '2000', '--preset', 'quick'];
/** Builds a small warehouse in the folder `mine`. */
export const BUILD_SMALL = 'warehouse build --simulate --pairs usdjpy --universe small --out mine'.split(' ');

/**
 * Installs a tarball in an empty folder and uses it there as a user would: a warehouse of one's own, a stack, a run
 * on it, the demonstration.
 *
 * @param {object} options
 * @param {string} options.tarball
 * @param {string} options.version as `onescan --version` has to say it, e.g. "0.1.0 (58dc225e1f00)"
 * @param {string} [options.node] the Node to do it with; this one by default
 * @param {(command: string) => void} [options.onCommand] hears of every command before it is run
 * @throws Error that shows the output of the first command that failed
 */
export function tryPackage({ tarball, version, node = process.execPath, onCommand = () => undefined }) {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-try-'));
  const run = (command, args) => runIn(folder, node, command, args, onCommand);
  const onescan = (...args) => run(join(folder, 'node_modules/.bin/onescan'), args);
  try {
    run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline', tarball]);
    expectOutput(onescan('--version'), `onescan ${version}\n`);
    for (const service of ['fetcher', 'coordinator', 'trainer']) {
      expectOutput(onescan('serve', service, '--version'), `onescan-${service} ${version}\n`);
    }
    onescan('doctor');
    onescan(...BUILD_SMALL);
    onescan('up', '--warehouse', 'mine', '--trainers', '1', '--detach');
    try {
      onescan('run', ...SMALL, '--yes');
      onescan('ls');
    } finally {
      onescan('down');
    }
    onescan('demo', ...SMALL);
    if (existsSync(join(folder, 'node_modules/typescript'))) throw new Error('a compiler was installed');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runIn(cwd, node, command, args, onCommand) {
  const shown = [command.replace(`${cwd}/`, ''), ...args].join(' ');
  onCommand(shown);
  const env = {
    ...process.env,
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
    npm_config_yes: 'true',
  };
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...{ cwd, env, encoding: 'utf8', timeout: COMMAND_MS, killSignal: 'SIGKILL' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${shown} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

function expectOutput(found, wanted) {
  if (found !== wanted) throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}
