import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { afterEach, beforeEach, expect } from 'vitest';
import { type CommandResult, onescan } from './command.js';
import { WAREHOUSE } from './warehouse.js';

/** A short run, as flags of the command. */
export const RUN = ['run', '--pairs', 'usdjpy', '--horizons', '15', '--rows', '2000', '--preset', 'quick'];

/** A stack that the command has started, of the present test. */
export interface CommandStack {
  folder: string;
  supervisor: number;
  /** Processes: fetcher, coordinator and two trainers. */
  services: number[];
}

/** Starts a stack by `onescan up --detach` before each test of a file, and leaves nothing of it behind. */
export function commandStackForEach(): CommandStack {
  const stack: CommandStack = { folder: '', supervisor: 0, services: [] };
  beforeEach(async () => {
    stack.folder = mkdtempSync(join(tmpdir(), 'onescan-command-'));
    const flags = ['--warehouse', WAREHOUSE, '--trainers', '2', '--detach', '--json'];
    const up = await onescan(stack.folder, 'up', ...flags);
    expect(up).toMatchObject({ code: 0 });
    const endpoint = JSON.parse(up.stdout) as { pid: number; services: Record<string, number> };
    stack.supervisor = endpoint.pid;
    stack.services = Object.values(endpoint.services);
  });
  afterEach(() => {
    for (const pid of [stack.supervisor, ...stack.services])
      if (isProcessAlive(pid)) process.kill(pid, 'SIGKILL');
    rmSync(stack.folder, { recursive: true, force: true });
    Object.assign(stack, { folder: '', supervisor: 0, services: [] });
  });
  return stack;
}

/** The last line of a JSON-lines stream. */
export function lastDocument({ stdout }: CommandResult): {
  run: { runId: string; state: string; ledgerRows: string };
} {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as ReturnType<typeof lastDocument>;
}
