import { z } from 'zod';
import { formatBytes } from '../format/bytes.js';
import { formatCount } from '../format/count.js';
import { formatUsd } from '../format/usd.js';
import { KEY_PROBLEM, keyProblemText, STATEMENT_REFUSAL, STATEMENT_REFUSALS } from './exclusion-reasons.js';
import { FACT, firstNames, percent, reasonEntry } from './reason-entry.js';

const { count, figure, horizon, name, names, share, words } = FACT;

/** Limits of a statement, by what they count. */
export const STATEMENT_LIMITS = {
  columns: 'columns',
  tables: 'tables',
  sqlLength: 'characters of SQL',
  resolvedLength: 'characters of resolved SQL',
  resultBytes: 'bytes of result',
} as const;

type StatementLimit = keyof typeof STATEMENT_LIMITS;

const exceededLimit = z.strictObject({
  limit: z.enum(Object.keys(STATEMENT_LIMITS) as [StatementLimit]),
  size: count,
  most: count,
});

const split = {
  statements: count,
  exceeded: z.array(exceededLimit).max(8),
  refusals: z.array(STATEMENT_REFUSAL).max(8),
  /** What reading the keys again bills. */
  againBytes: count.optional(),
  againUsd: figure.optional(),
};

/** "11,345 columns where 10,000 are allowed". */
export function exceededText({ limit, size, most }: z.output<typeof exceededLimit>): string {
  const [has, may] = [size, most].map((value) => value.toLocaleString('en'));
  return `${has} ${STATEMENT_LIMITS[limit]} where ${may} are allowed`;
}

function splitText({
  statements,
  exceeded,
  refusals,
  againBytes,
  againUsd,
}: z.output<z.ZodObject<typeof split>>) {
  const why = [...exceeded.map(exceededText), ...refusals.map((refusal) => STATEMENT_REFUSALS[refusal])];
  const cost =
    againBytes === undefined || againUsd === undefined
      ? ''
      : `, which bills ${formatBytes(againBytes)}, ${formatUsd(againUsd)} more than one would`;
  return `${statements} statements instead of one: ${why.join(', ')}; each but the first reads the keys again${cost}`;
}

/** "2 hours later", "30 seconds earlier". */
function shiftText(seconds: number): string {
  const size = Math.abs(seconds);
  const [many, unit] = size % 1800 === 0 ? [size / 3600, 'hour'] : [size, 'second'];
  return `${many} ${unit}${many === 1 ? '' : 's'} ${seconds > 0 ? 'later' : 'earlier'}`;
}

function columnsExcluded(columns: number): string {
  return `its ${formatCount(columns, 'column')} ${columns === 1 ? 'is' : 'are'} excluded`;
}

const rounded = {
  columns: count,
  widest: z.array(z.strictObject({ feature: name, gap: figure })).max(8),
};

function roundedText({ columns, widest }: z.output<z.ZodObject<typeof rounded>>): string {
  const named = widest.map(({ feature, gap }) => `${feature} (${gap.toLocaleString('en')} apart)`);
  const more = columns > widest.length ? [`and ${columns - widest.length} more`] : [];
  const keep = columns === 1 ? 'column keeps' : 'columns keep';
  return `${columns} ${keep} numbers beyond 2^53 as doubles, and what lies between those was rounded: ${[...named, ...more].join(', ')}`;
}

/** Things found while planning that are not fatal. A note's kind is its code in words. */
export const TABLE_NOTES = {
  split_statements: reasonEntry('one statement is more than the warehouse takes', split, splitText),
  table_refused: reasonEntry(
    'the warehouse does not take a statement of a table even alone',
    { table: name, columns: count, refusal: STATEMENT_REFUSAL },
    ({ table, columns, refusal }) =>
      `${table} is left out with its ${columns} columns, ${STATEMENT_REFUSALS[refusal]} even alone: make it a table if it is a view, or leave it out with universe.exclude`,
  ),
  table_without_key: reasonEntry(
    'a table has no key, so that its columns are excluded',
    { table: name, columns: count, ...KEY_PROBLEM },
    (facts) => `table ${facts.table} ${keyProblemText(facts)}: ${columnsExcluded(facts.columns)}`,
  ),
  table_that_cannot_be_read: reasonEntry(
    'a table cannot be read, so that its columns are excluded',
    { table: name, columns: count, problem: words },
    ({ table, columns, problem }) => `table ${table} ${problem}: ${columnsExcluded(columns)}`,
  ),
  table_without_rows: reasonEntry(
    'a table has no rows',
    { table: name },
    ({ table }) => `table ${table} has no rows: its columns are all missing`,
  ),
  partial_coverage: reasonEntry(
    'a table covers only a part of the time that the targets cover',
    { table: name, from: name, to: name },
    ({ table, from, to }) => `table ${table} covers only ${from} to ${to}`,
  ),
  keys_shifted: reasonEntry(
    'the keys of a table meet those of the targets when they are taken as earlier or later, as of another time zone or off by seconds',
    { table: name, seconds: figure, missed: share },
    ({ table, seconds, missed }) =>
      `the keys of table ${table} are ${shiftText(seconds)} than those of the targets: as they are, ${percent(missed)} of these have no row in it`,
  ),
  keys_missed: reasonEntry(
    'a table has no row for most keys of the targets in the time that it covers',
    { table: name, missed: share },
    ({ table, missed }) => `table ${table} has no row for ${percent(missed)} of the keys of the targets`,
  ),
  coverage_unknown_before_the_fetch: reasonEntry(
    'it is not known which days some tables cover',
    { tables: count, first: names },
    ({ tables, first }) =>
      `the days of ${formatCount(tables, 'table')} are not known before the fetch (views, or not partitioned by the key): ${firstNames(first, tables)}`,
  ),
  table_in_several_groups: reasonEntry(
    'a table matches more than one group',
    { table: name, groups: names },
    ({ table, groups }) =>
      `table ${table} matches the groups ${groups.join(' and ')}: it counts as ${groups[0]}`,
  ),
  tables_outside_all_groups: reasonEntry(
    'some tables match no group',
    { tables: count, first: names },
    ({ tables, first }) =>
      `${formatCount(tables, 'table')} in no group, and so not in the universe: ${firstNames(first, tables)}`,
  ),
  group_without_tables: reasonEntry(
    'a group matches no table',
    { group: name },
    ({ group }) => `group "${group}" matches no table and is left out`,
  ),
  rare_family: reasonEntry(
    'a few other pairs have tables that this one lacks',
    { pair: name, tables: names },
    ({ pair, tables }) => `${pair} has no ${tables.join(', ')}; a few other pairs have such tables`,
  ),
  columns_removed: reasonEntry(
    'the spec takes columns out of the universe',
    { columns: count },
    ({ columns }) => `universe.exclude removes ${formatCount(columns, 'column')} from the universe`,
  ),
  names_differ_in_case: reasonEntry(
    'two names differ only in case',
    { feature: name, other: name },
    ({ feature, other }) => `${feature} is excluded: its name differs from ${other} only in case`,
  ),
  lineage_rule_without_columns: reasonEntry(
    'a rule of the spec meets no column',
    { columns: words },
    ({ columns }) => `universe.future "${columns}" matches no column`,
  ),
};

const closes = {
  column: name,
  problem: z.enum(['missing', 'not_a_number', 'without_key', 'unreadable']),
  pair: name.optional(),
  table: name.optional(),
  type: name.optional(),
  key: name.optional(),
  words: words.optional(),
};

function closesText({
  column,
  problem,
  pair,
  table,
  type,
  key,
  words: told,
}: z.output<z.ZodObject<typeof closes>>) {
  const why = {
    missing: () => `${pair} has no ${column}`,
    not_a_number: () => `${column} is ${type}, not a number`,
    without_key: () => `${table} ${keyProblemText({ key: key!, type })}`,
    unreadable: () => `${table} ${told}`,
  }[problem]();
  return `${why}: the overlap baseline cannot be computed`;
}

/** Why a sample cannot be learned, in the words of who would learn it, or is inconclusive. */
const obstacle = {
  obstacle: z.enum(['not_learnable', 'few_rows', 'few_blocks']),
  words: words.optional(),
  found: count.optional(),
  least: count.optional(),
};

export function obstacleText(facts: z.output<z.ZodObject<typeof obstacle>>): string {
  if (facts.obstacle === 'not_learnable') return facts.words ?? '';
  const what = facts.obstacle === 'few_rows' ? 'scored rows' : 'independent blocks';
  return `inconclusive: ${facts.found} ${what} are fewer than ${facts.least}`;
}

/** The same of targets, samples, estimates, disks and datasets. */
export const PLAN_NOTES = {
  ...TABLE_NOTES,
  target_not_stored: reasonEntry(
    'a target that is not asked for is not there',
    { table: name, column: name },
    ({ table, column }) => `${table} has no ${column}, which is not requested`,
  ),
  no_overlap_baseline: reasonEntry(
    'the closing prices that the known part of targets is computed from cannot be read',
    closes,
    closesText,
  ),
  period_cuts_a_day: reasonEntry(
    'a bound of the period lies within a day, whose rows cannot be counted free of charge',
    { bound: z.enum(['from', 'to']), key: name },
    ({ bound, key }) =>
      `period.${bound} ${key} cuts a UTC day, whose rows cannot be counted free of charge: hash samples them and takes no more rows than the whole days hold, days leaves them out`,
  ),
  sample_too_small: reasonEntry(
    'a horizon cannot, or may not, be learned from so few rows',
    { horizon, certain: z.boolean(), ...obstacle, leastRows: count.optional() },
    ({ horizon: bars, certain, leastRows, ...found }) =>
      `h${bars} ${certain ? 'cannot' : 'may not'} be learned: ${obstacleText(found)}${
        leastRows === undefined ? '' : `; about ${leastRows} rows are needed`
      }`,
  ),
  smallest_effect: reasonEntry(
    'it says how small an effect these rows would show',
    { rows: count, periodRows: count, horizon, gain: figure, auc: share },
    (facts) =>
      `${facts.rows} of ${facts.periodRows} rows show a gain of ${(1000 * facts.gain).toFixed(1)} mnat, an AUC of ${facts.auc.toFixed(3)} of what is not yet known, four times in five (h${facts.horizon}, where it must be largest); smaller effects are likely missed`,
  ),
  estimate_is_no_bound: reasonEntry(
    'the warehouse does not promise to bill no more than its estimate',
    { accuracy: name },
    ({ accuracy }) =>
      `the warehouse calls its estimate ${accuracy}: when the statement would bill more it is refused, unbilled`,
  ),
  little_disk: reasonEntry(
    'the disk has no room for the dataset now',
    { pair: name, need: count, folder: words, free: count },
    (facts) => `${littleDiskText(facts)}: free some before the run is approved`,
  ),
  damaged_dataset: reasonEntry(
    'a cached dataset is damaged',
    { damage: words },
    ({ damage }) => `${damage}: it is not used`,
  ),
  dataset_not_used: reasonEntry(
    'a cached dataset lacks a little of what is asked for',
    { dataset: name, lacks: names },
    ({ dataset, lacks }) => `dataset ${dataset} ${lacks.join(' and ')}`,
  ),
  numbers_rounded: reasonEntry('a dataset holds long numbers as doubles', rounded, roundedText),
};

/** What lacks room, without what to do about it. */
export function littleDiskText({
  pair,
  need,
  folder,
  free,
}: {
  readonly pair: string;
  readonly need: number;
  readonly folder: string;
  readonly free: number;
}): string {
  return `the dataset of ${pair} takes about ${formatBytes(BigInt(need))} of disk while it is made, ${folder} has ${formatBytes(BigInt(free))} free`;
}
