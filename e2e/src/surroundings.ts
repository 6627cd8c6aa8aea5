import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CommandResult } from './command.js';

/** The command as a file. */
export const BIN = fileURLToPath(new URL('../../libs/cli/bin/onescan.mjs', import.meta.url));

/** What a command is started in. */
export interface Surroundings {
  args: readonly string[];
  /** Shell commands before it, e.g. "ulimit -n 256". */
  before?: string;
  /** undefined takes a variable away. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** `onescan ...` in `folder`, from a shell in which `before` was said. */
export function onescanIn(
  folder: string,
  { args, before = ':', env = {} }: Surroundings,
): Promise<CommandResult> {
  const command = `${before}; exec "$0" "$@"`;
  const child = spawn('bash', ['-c', command, process.execPath, BIN, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const result = { code: null as number | null, stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      result[name] += text;
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ ...result, code })));
}
