import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface TrainerProcessOptions {
  /** A command that starts it in turn, e.g. in a control group. */
  prefix?: readonly string[];
  /** Folder of its temporary files, where not the machine's. */
  temporaryFolder?: string;
}

/** Starts a trainer as users do; what it writes to standard error can be read. */
export function startTrainerProcess(
  coordinator: string,
  flags: readonly string[],
  { prefix = [], temporaryFolder }: TrainerProcessOptions = {},
): ChildProcess {
  const [command, ...args] = [...prefix, process.execPath, PROGRAM, '--coordinator', coordinator, ...flags];
  const env = {
    ...process.env,
    ONESCAN_LOG_LEVEL: 'silent',
    ...(temporaryFolder === undefined ? {} : { TMPDIR: temporaryFolder }),
  };
  return spawn(command!, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Ends a process and waits until it is gone. */
export async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
