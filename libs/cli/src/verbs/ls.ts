import { formatUsd } from '@onescan/shared/format/usd.js';
import { ListRunsResponse, type Run, TaskState } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { callUnary } from '@onescan/shared/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { parsePositive } from '../options/parsers.js';
import { messageJson } from '../output/message-json.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { writeJson } from '../output/write-json.js';
import { runStateName } from '../view/state-names.js';
import { timestampText } from '../view/timestamp.js';

const COLUMNS: readonly TableColumn<Run>[] = [
  { title: 'run', text: (run) => run.runId },
  { title: 'state', text: (run) => runStateName(run.state) },
  { title: 'started (UTC)', text: (run) => timestampText(run.createdAt) },
  { title: 'pairs', text: (run) => String(run.spec?.pairs.length ?? 0), align: 'right' },
  { title: 'horizons done', text: (run) => doneText(run), align: 'right' },
  { title: 'preset', text: (run) => run.spec?.preset ?? '' },
  { title: 'billed', text: (run) => formatUsd(run.usdBilled), align: 'right' },
];

const DEFAULT_LIMIT = 20;

/** `onescan ls`: the runs that the coordinator knows, the newest first. */
export function addLsVerb(program: Command, act: Act): void {
  program
    .command('ls')
    .description('list runs, the newest first')
    .option('--limit <n>', `most runs to list (default: ${DEFAULT_LIMIT}; with --json all)`, parsePositive)
    .action(
      act(async (invocation, { limit }: { limit?: number }) =>
        withCoordinator(invocation, async (client) => {
          const response = await callUnary(client, client.listRuns, {});
          const { terminal, global } = invocation;
          // They come in the order in which they were started.
          const newestFirst = response.runs.toReversed();
          const runs = newestFirst.slice(0, limit ?? (global.json ? undefined : DEFAULT_LIMIT));
          if (global.json) await writeJson(terminal, messageJson(ListRunsResponse, { ...response, runs }));
          else await terminal.write(renderTable(COLUMNS, runs));
          if (!global.json && runs.length < newestFirst.length) {
            terminal.note(`The newest ${runs.length} of ${newestFirst.length} runs; more with --limit.`);
          }
          return EXIT.ok;
        }),
      ),
    );
}

function doneText(run: Run): string {
  const done = run.tasks.filter((task) => task.state === TaskState.TASK_STATE_DONE).length;
  return `${done} of ${run.tasks.length}`;
}
