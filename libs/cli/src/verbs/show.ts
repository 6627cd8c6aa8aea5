import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatDuration } from '@onescan/contract/format/duration.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import { type PairStatus, Run } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { messageJson } from '@onescan/contract/message-json.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { getRun } from '../connection/get-run.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { writeJson } from '../output/write-json.js';
import { jobTable } from '../view/job-table.js';
import { planText } from '../view/plan-text.js';
import { runSummary } from '../view/run-summary.js';
import { pairStateName } from '../view/state-names.js';
import { verdictTable } from '../view/verdict-table.js';

const PAIR_COLUMNS: readonly TableColumn<PairStatus>[] = [
  { title: 'pair', text: (pair) => pair.pair },
  { title: 'state', text: (pair) => (pair.error ? `failed: ${pair.error}` : pairStateName(pair.state)) },
  { title: 'dataset', text: (pair) => pair.dataset?.datasetId.slice(0, 12) ?? '-' },
  { title: 'from', text: (pair) => (pair.dataset?.cached ? 'cache' : pair.dataset ? 'warehouse' : '-') },
  { title: 'rows', text: (pair) => String(pair.dataset?.rows ?? '-'), align: 'right' },
  { title: 'columns', text: (pair) => String(pair.dataset?.columns ?? '-'), align: 'right' },
  { title: 'statements', text: (pair) => String(pair.dataset?.statementsRun ?? '-'), align: 'right' },
  {
    title: 'billed',
    text: (pair) =>
      pair.dataset ? `${formatBytes(pair.dataset.bytesBilled)} ${formatUsd(pair.dataset.usd)}` : '-',
    align: 'right',
  },
  {
    title: 'fetch took',
    text: (pair) => (pair.fetchSeconds > 0 ? formatDuration(pair.fetchSeconds) : '-'),
    align: 'right',
  },
];

/** `onescan show`: plan, pairs, verdicts and costs of one run as it stands. */
export function addShowVerb(program: Command, act: Act): void {
  program
    .command('show <run>')
    .description('show a run as it stands')
    .action(
      act(async (invocation, _options: object, runId: string) =>
        withCoordinator(invocation, async (client) => {
          const run = await getRun(client, runId);
          if (invocation.global.json) await writeJson(invocation.terminal, messageJson(Run, run));
          else await invocation.terminal.write(runText(run));
          return EXIT.ok;
        }),
      ),
    );
}

function runText(run: Run): string {
  return [
    ...(run.plan ? [planText(run.plan)] : []),
    ...(run.pairs.length > 0 ? [renderTable(PAIR_COLUMNS, run.pairs)] : []),
    ...[jobTable(run)].filter((text) => text !== ''),
    ...(run.tasks.length > 0 ? [verdictTable(run)] : []),
    runSummary(run),
  ].join('\n');
}
