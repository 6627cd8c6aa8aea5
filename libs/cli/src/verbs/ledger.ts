import type { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { LedgerRow, LedgerStatus } from '@onescan/contract/generated/onescan/v1/result.js';
import { messageJson } from '@onescan/contract/message-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callServerStream } from '@onescan/process/grpc/client.js';
import { type Command, Option } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act, Invocation } from '../context.js';
import { EXIT } from '../exit-code.js';
import { parsePositive } from '../options/parsers.js';
import { csvLine } from '../output/csv.js';
import { renderTable } from '../output/table.js';
import { writeJsonLine } from '../output/write-json.js';
import { LEDGER_COLUMNS, LEDGER_CSV_TITLES, ledgerCsvFields } from '../view/ledger-columns.js';

interface Options {
  pair?: string;
  horizon?: number;
  status?: string;
  csv?: boolean;
  raw?: boolean;
  limit: number;
}

const STATUSES: Readonly<Record<string, LedgerStatus>> = {
  retained: LedgerStatus.LEDGER_STATUS_RETAINED,
  pruned: LedgerStatus.LEDGER_STATUS_PRUNED,
  excluded: LedgerStatus.LEDGER_STATUS_EXCLUDED,
};
const DEFAULT_LIMIT = 50;

/** `onescan ledger`: what became of every feature, pair and horizon; all rows as CSV or JSON lines. */
export function addLedgerVerb(program: Command, act: Act): void {
  program
    .command('ledger <run>')
    .description('what became of every feature x pair x horizon')
    .option('--pair <pair>', 'only this pair')
    .option('--horizon <bars>', 'only this horizon', parsePositive)
    .addOption(new Option('--status <name>', 'only rows of this status').choices(Object.keys(STATUSES)))
    .option('--csv', 'all rows as CSV; texts that a spreadsheet would run begin with an apostrophe')
    .option('--raw', 'with --csv: every text exactly as it is, for programs')
    .option('--limit <n>', 'rows in the table for people', parsePositive, DEFAULT_LIMIT)
    .action(
      act(async (invocation, options: Options, runId: string) =>
        withCoordinator(invocation, async (client) => {
          if (options.raw && !options.csv) {
            throw new OnescanError('INVALID_ARGUMENT', '--raw without --csv', {
              remedy: 'It says how CSV is written: give both, or neither',
            });
          }
          const rows = readLedger(client, runId, options);
          if (invocation.global.json) await writeLines(rows, invocation);
          else if (options.csv) await writeCsv(rows, invocation, options.raw ?? false);
          else await writeTable(rows, options.limit, invocation);
          return EXIT.ok;
        }),
      ),
    );
}

async function* readLedger(
  client: CoordinatorServiceClient,
  runId: string,
  options: Options,
): AsyncGenerator<LedgerRow> {
  const status = options.status === undefined ? undefined : STATUSES[options.status];
  const request = { runId, pair: options.pair ?? '', horizon: options.horizon ?? 0 };
  for await (const { rows } of callServerStream(client, client.getLedger, request)) {
    for (const row of rows) if (status === undefined || row.status === status) yield row;
  }
}

async function writeLines(rows: AsyncIterable<LedgerRow>, { terminal }: Invocation): Promise<void> {
  for await (const row of rows) await writeJsonLine(terminal, messageJson(LedgerRow, row));
}

async function writeCsv(
  rows: AsyncIterable<LedgerRow>,
  { terminal }: Invocation,
  exact: boolean,
): Promise<void> {
  await terminal.write(csvLine(LEDGER_CSV_TITLES));
  for await (const row of rows) {
    const line = csvLine(ledgerCsvFields(row), { exact });
    await terminal.write(exact ? Buffer.from(line) : line);
  }
}

async function writeTable(
  rows: AsyncIterable<LedgerRow>,
  limit: number,
  { terminal }: Invocation,
): Promise<void> {
  const shown: LedgerRow[] = [];
  let total = 0;
  for await (const row of rows) {
    if (shown.length < limit) shown.push(row);
    total++;
  }
  await terminal.write(renderTable(LEDGER_COLUMNS, shown));
  if (total > shown.length) {
    terminal.note(`${shown.length} of ${total} rows; all of them with --csv, --json or a higher --limit.`);
  }
}
