import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatCount } from '@onescan/contract/format/count.js';
import { shownLine } from '@onescan/contract/format/shown-text.js';
import { BackUpStateResponse } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { messageJson } from '@onescan/contract/message-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { z } from 'zod';
import { serviceEntry } from '../../bin/serve.mjs';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { writeJson } from '../output/write-json.js';

/** A state of thousands of runs takes seconds. */
const BACKUP_DEADLINE_MS = 10 * 60_000;

const RESTORED = z.object({ from: z.string(), putAside: z.string(), runs: z.number() });

interface RestoreFlags {
  state?: string;
  withoutLog?: boolean;
}

/** `onescan backup` and `onescan restore`: the coordinator's state, that is runs, approvals, results and ledgers. */
export function addBackupVerbs(program: Command, act: Act): void {
  program
    .command('backup')
    .description("copy the coordinator's state beside itself, while it works; it does so every day by itself")
    .action(
      act(async (invocation) =>
        withCoordinator(invocation, async (client) => {
          const { terminal, global } = invocation;
          const options = { deadlineMs: BACKUP_DEADLINE_MS, signal: terminal.interrupt };
          const response = await callUnary(client, client.backUpState, {}, options);
          if (global.json) await writeJson(terminal, messageJson(BackUpStateResponse, response));
          else await terminal.write(`${shownLine(response.path)}, ${formatBytes(response.bytes)}\n`);
          return EXIT.ok;
        }),
      ),
    );
  program
    .command('restore [backup]')
    .description('bring a backup of the state back (default: the latest) when no coordinator runs on it')
    .option('--state <dir>', 'state folder of the coordinator (default: that of the local stack)')
    .option('--without-log', 'keep the state file and give up its damaged write-ahead log instead')
    .action(
      act(async ({ terminal, global }, { state, withoutLog }: RestoreFlags, backup: string | undefined) => {
        const folder = state ?? join(global.home, 'state');
        const restored = restore([
          ...['--state', resolve(terminal.cwd, folder)],
          ...(backup === undefined ? [] : ['--backup', resolve(terminal.cwd, backup)]),
          ...(withoutLog ? ['--without-log'] : []),
        ]);
        if (global.json) await writeJson(terminal, restored);
        else await terminal.write(restoredText(restored));
        return EXIT.ok;
      }),
    );
}

/** Only the coordinator knows its state file: its program does the work. */
function restore(flags: readonly string[]): z.infer<typeof RESTORED> {
  const args = [serviceEntry('coordinator'), '--restore', ...flags];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status === 0) return RESTORED.parse(JSON.parse(stdout));
  const problem = stderr.trim() || `the coordinator's program ended with ${status}`;
  throw new OnescanError('FAILED_PRECONDITION', problem);
}

function restoredText({ from, putAside, runs }: z.infer<typeof RESTORED>): string {
  const before = putAside === '' ? '' : `What was there before is in ${putAside}\n`;
  return `restored ${from}: ${formatCount(runs, 'run')}\n${before}`;
}
