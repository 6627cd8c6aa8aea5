import { formatUsd } from '@onescan/contract/format/usd.js';
import {
  type CoordinatorServiceClient,
  ListRunsResponse,
  type Run,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { messageJson } from '@onescan/contract/message-json.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { parseLabel, parsePositive } from '../options/parsers.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { writeJson } from '../output/write-json.js';
import { runStateName } from '../view/state-names.js';
import { timestampText } from '../view/timestamp.js';

const COLUMNS: readonly TableColumn<Run>[] = [
  { title: 'run', text: (run) => run.runId },
  { title: 'state', text: (run) => runStateName(run.state) },
  { title: 'started (UTC)', text: (run) => timestampText(run.createdAt) },
  { title: 'pairs', text: (run) => String(run.spec?.pairs.length ?? 0), align: 'right' },
  { title: 'horizons done', text: (run) => `${run.tasksDone} of ${run.tasksTotal}`, align: 'right' },
  { title: 'preset', text: (run) => run.spec?.preset ?? '' },
  { title: 'billed', text: (run) => formatUsd(run.usdBilled), align: 'right' },
  { title: 'name', text: (run) => run.tags?.name ?? '' },
];

const DEFAULT_LIMIT = 20;
/** Most runs a page, as the coordinator allows. */
const PAGE = 500;

interface Options {
  limit?: number;
  state?: string;
  label?: Record<string, string>;
  since?: string;
  filter?: string;
}

/** `onescan ls`: the runs that the coordinator knows, the newest first. */
export function addLsVerb(program: Command, act: Act): void {
  program
    .command('ls')
    .description('list runs, the newest first')
    .option('--limit <n>', `most runs to list (default: ${DEFAULT_LIMIT}; with --json all)`, parsePositive)
    .option('--state <state>', 'only runs in this state, e.g. completed or awaiting-approval')
    .option('--label <key=value>', 'only runs with this label; repeatable', parseLabel)
    .option('--since <time>', 'only runs started since, e.g. 2026-11-01 or 2026-11-01T08:00:00Z')
    .option(
      '--filter <text>',
      'any other condition, e.g. \'name : "carry" AND state != FAILED\' (docs/cli.md)',
    )
    .action(
      act(async (invocation, options: Options) =>
        withCoordinator(invocation, async (client) => {
          const { terminal, global } = invocation;
          const limit = options.limit ?? (global.json ? Number.POSITIVE_INFINITY : DEFAULT_LIMIT);
          const response = await listRuns(client, filterOf(options), limit);
          const { runs, totalSize } = response;
          if (global.json) await writeJson(terminal, messageJson(ListRunsResponse, response));
          else await terminal.write(renderTable(COLUMNS, runs));
          if (!global.json && runs.length < totalSize) {
            terminal.note(`The newest ${runs.length} of ${totalSize} runs; more with --limit.`);
          }
          return EXIT.ok;
        }),
      ),
    );
}

/** The newest runs that a filter lets through, page by page. */
async function listRuns(
  client: CoordinatorServiceClient,
  filter: string,
  limit: number,
): Promise<ListRunsResponse> {
  const listed: ListRunsResponse = { runs: [], nextPageToken: '', totalSize: 0 };
  do {
    const request = {
      pageSize: Math.min(PAGE, limit - listed.runs.length),
      pageToken: listed.nextPageToken,
      filter,
    };
    const page = await callUnary(client, client.listRuns, request);
    listed.runs.push(...page.runs);
    listed.nextPageToken = page.nextPageToken;
    listed.totalSize = page.totalSize;
  } while (listed.nextPageToken !== '' && listed.runs.length < limit);
  return listed;
}

function filterOf({ state, label = {}, since, filter }: Options): string {
  const terms = [
    ...(state === undefined ? [] : [`state = ${quoted(state.toUpperCase().replaceAll('-', '_'))}`]),
    ...Object.entries(label).map(([key, value]) => `labels.${key} = ${quoted(value)}`),
    ...(since === undefined ? [] : [`create_time >= ${quoted(since)}`]),
    ...(filter === undefined ? [] : [filter]),
  ];
  return terms.join(' AND ');
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
