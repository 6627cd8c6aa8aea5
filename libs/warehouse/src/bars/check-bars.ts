import type { DuckDBConnection } from '@duckdb/node-api';
import { WINDOWS } from '../windows.js';
import { rawTable } from './bars-table.js';
import { badFile } from './load-folder.js';

/** What must not be in a bar file, each as a condition that finds the row, and what to do about it. */
const RULES: readonly { readonly problem: string; readonly where: string; readonly remedy: string }[] = [
  {
    problem: 'has an empty time or price',
    where: 'interval_time IS NULL OR open IS NULL OR high IS NULL OR low IS NULL OR close IS NULL',
    remedy: 'Leave bars without prices out',
  },
  {
    problem: 'has the same time twice',
    where: 'interval_time = before',
    remedy: 'Keep one bar a time',
  },
  {
    problem: 'is not sorted by time',
    where: 'interval_time < before',
    remedy: 'Sort the bars by time, oldest first',
  },
  {
    problem: 'has a price that is not a positive number',
    where: ['open', 'high', 'low', 'close'].map((p) => `NOT isfinite(${p}) OR ${p} <= 0`).join(' OR '),
    remedy: 'Prices must be finite and above zero',
  },
  {
    problem: 'has a volume that is empty, negative or not finite',
    where: 'volume IS NULL OR NOT isfinite(volume) OR volume < 0',
    remedy: 'Write 0 where the volume is unknown',
  },
  {
    problem: 'has a bar whose high is below its low, open or close, or whose low is above them',
    where: 'high < greatest(low, open, close) OR low > least(open, close)',
    remedy: 'Check the order of the columns open, high, low, close',
  },
];

/** The longest window and the longest horizon must fit, with a row to spare. */
const FEWEST_ROWS = WINDOWS.at(-1)! + 106;

/**
 * Checks `raw_{pair}` against every rule, naming the file, the rule and the first row that breaks it.
 *
 * @param file what the message calls the source
 * @throws OnescanError INVALID_ARGUMENT
 */
export async function checkBars(connection: DuckDBConnection, pair: string, file: string): Promise<number> {
  const broken = RULES.map(({ where }, i) => `min(CASE WHEN ${where} THEN row END) AS rule_${i}`);
  const reader = await connection.runAndReadAll(`SELECT count(*), ${broken.join(', ')}
FROM (SELECT *, rowid + 1 AS row, lag(interval_time) OVER (ORDER BY rowid) AS before FROM ${rawTable(pair)})`);
  const [rows, ...firstBroken] = reader.getRows()[0]!;
  for (const [i, row] of firstBroken.entries()) {
    if (row === null) continue;
    throw badFile(file, `${RULES[i]!.problem} (bar ${row} of ${rows})`, RULES[i]!.remedy);
  }
  if (Number(rows) < FEWEST_ROWS) {
    throw badFile(
      file,
      `has ${rows} bars`,
      `At least ${FEWEST_ROWS} are needed for the longest window and horizon`,
    );
  }
  return Number(rows);
}
