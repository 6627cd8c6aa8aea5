import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Starts a trainer as users do; `prefix` is a command that starts it in turn, e.g. in a control group. */
export function startTrainerProcess(
  coordinator: string,
  flags: readonly string[],
  prefix: readonly string[] = [],
): ChildProcess {
  const [command, ...args] = [...prefix, process.execPath, PROGRAM, '--coordinator', coordinator, ...flags];
  return spawn(command!, args, { env: { ...process.env, ONESCAN_LOG_LEVEL: 'silent' }, stdio: 'ignore' });
}

/** Ends a process and waits until it is gone. */
export async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
