import { formatUsd } from '@onescan/shared/format/usd.js';
import { ListRunsResponse, type Run, TaskState } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { callUnary } from '@onescan/shared/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
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

/** `onescan ls`: all runs that the coordinator knows. */
export function addLsVerb(program: Command, act: Act): void {
  program
    .command('ls')
    .description('list runs')
    .action(
      act(async (invocation) =>
        withCoordinator(invocation, async (client) => {
          const response = await callUnary(client, client.listRuns, {});
          const { terminal, global } = invocation;
          if (global.json) await writeJson(terminal, messageJson(ListRunsResponse, response));
          else await terminal.write(renderTable(COLUMNS, response.runs));
          return EXIT.ok;
        }),
      ),
    );
}

function doneText(run: Run): string {
  const done = run.tasks.filter((task) => task.state === TaskState.TASK_STATE_DONE).length;
  return `${done} of ${run.tasks.length}`;
}
