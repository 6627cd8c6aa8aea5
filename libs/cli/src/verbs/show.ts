import { setTimeout as sleep } from 'node:timers/promises';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatDuration } from '@onescan/contract/format/duration.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import {
  type CoordinatorServiceClient,
  type PairStatus,
  Run,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { messageJson } from '@onescan/contract/message-json.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { followRun } from '../connection/follow-run.js';
import { getRun } from '../connection/get-run.js';
import type { Act, Invocation } from '../context.js';
import { EXIT, type ExitCode, exitCodeOfRun } from '../exit-code.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { writeJson } from '../output/write-json.js';
import { statusArea } from '../terminal/status-area.js';
import { attemptTable } from '../view/attempt-table.js';
import { jobTable } from '../view/job-table.js';
import { nextLines } from '../view/next-lines.js';
import { planText } from '../view/plan-text.js';
import { runSummary } from '../view/run-summary.js';
import { emptyRunView } from '../view/run-view.js';
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
    .option('--watch', 'show it again whenever it has changed, until it ends')
    .action(
      act(async (invocation, { watch }: { watch?: boolean }, runId: string) =>
        withCoordinator(invocation, async (client) => {
          if (watch) return watchRun(client, runId, invocation);
          const run = await getRun(client, runId);
          if (invocation.global.json) await writeJson(invocation.terminal, messageJson(Run, run));
          else {
            await invocation.terminal.write(runText(run));
            for (const line of nextLines(run)) invocation.terminal.note(line);
          }
          return EXIT.ok;
        }),
      ),
    );
}

/** At most this often, in milliseconds: events come by the hundred. */
const SHOW_AGAIN_MS = 1_000;

/** Shows a run until it has ended: drawn in place where stderr can be, else as another text, or document, each time. */
async function watchRun(
  client: CoordinatorServiceClient,
  runId: string,
  { terminal, global }: Invocation,
): Promise<ExitCode> {
  const view = emptyRunView(runId);
  const area = statusArea(terminal);
  let last = '';
  const show = async (isFinal: boolean): Promise<ExitCode> => {
    const run = await getRun(client, runId);
    const text = global.json ? `${JSON.stringify(messageJson(Run, run))}\n` : runText(run);
    const inPlace = terminal.redraws && !global.json;
    if (inPlace && !isFinal) area.show(text.trimEnd().split('\n'));
    else if (text !== last || inPlace) {
      area.clear();
      await terminal.write(text);
    }
    last = text;
    return exitCodeOfRun(run);
  };
  let isOver = false;
  const options = { signal: terminal.interrupt, onEvent: () => undefined };
  const following = followRun(client, view, options).finally(() => {
    isOver = true;
  });
  const settled = following.catch(() => undefined);
  try {
    for (let shown = -1n; !isOver; await Promise.race([sleep(SHOW_AGAIN_MS), settled])) {
      if (view.sequence === shown) continue;
      shown = view.sequence;
      await show(false);
    }
    await following;
  } catch (thrown) {
    area.clear();
    throw thrown;
  }
  return show(true);
}

function runText(run: Run): string {
  return [
    ...(run.plan ? [planText(run.plan)] : []),
    ...(run.pairs.length > 0 ? [renderTable(PAIR_COLUMNS, run.pairs)] : []),
    ...[jobTable(run)].filter((text) => text !== ''),
    ...(run.tasks.length > 0 ? [verdictTable(run)] : []),
    ...[attemptTable(run)].filter((text) => text !== ''),
    runSummary(run),
  ].join('\n');
}
