import { createHash } from 'node:crypto';
import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { parseInstant } from '@onescan/contract/instant.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import {
  type CatalogueTable,
  type DayCount,
  type KeyRange,
  type KeySpan,
  tableText,
} from '../catalogue/catalogue.js';
import type { OtherTables, WarehouseView } from '../warehouse/warehouse.js';
import { keyText } from './key-text.js';

export interface ChosenSample {
  range: KeyRange;
  rows: number;
  /** Rows known to be in the range; more when it cuts days whose rows cannot be counted. */
  available: number;
  span: KeySpan;
  /** Rows of the table in the period, and whole days that are taken; 0 days: rows of all days. */
  periodRows: number;
  days: number;
  notes: PlanNote[];
}

/** Other targets tables that a sample has to do with. */
export interface SampledTables {
  /**
   * Those of all pairs that take the same days; the days are then chosen by the least rows that any of the tables has on
   * a day. Default: the sampled one.
   */
  readonly common?: readonly CatalogueTable[];
  /** Those of all pairs of the run, which are looked up along. */
  readonly ofRun: OtherTables;
}

/**
 * Which keys of a targets table a spec samples.
 *
 * @throws OnescanError FAILED_PRECONDITION when the period holds no rows
 */
export async function chooseSample(
  warehouse: WarehouseView,
  targets: CatalogueTable,
  spec: ResolvedRunSpec,
  tables: SampledTables,
): Promise<ChosenSample> {
  const range = keyRange(spec.period);
  const { common = [targets], ofRun } = tables;
  const days = await warehouse.countDays(targets, range, ofRun);
  const available = totalRows(days);
  if (available === 0) {
    const { minKey, maxKey } = targets;
    const covers = minKey === undefined ? '' : `; the table covers ${keyText(minKey)} to ${keyText(maxKey)}`;
    const whole = warehouse.countsWholeDays ? ' It must hold a whole UTC day.' : '';
    throw new OnescanError('FAILED_PRECONDITION', `${tableText(targets)} has no rows in the period`, {
      remedy: `Change period in the spec${covers}.${whole}`,
    });
  }
  const facts = { notes: warehouse.countsWholeDays ? cutDayNotes(range) : [], span: spanOfDays(days) };
  const rows = Math.min(spec.sample.rows, available);
  if (spec.sample.strategy !== SampleStrategy.SAMPLE_STRATEGY_DAYS)
    return { range, rows, available, ...facts, periodRows: available, days: 0 };
  const shared = common.length === 1 ? days : await leastDays(warehouse, common, { range, ofRun });
  const chosen = new Set(chooseDays(shared, Math.min(spec.sample.rows, totalRows(shared)), spec.sample.seed));
  const held = totalRows(days.filter(({ day }) => chosen.has(day)));
  const within = { ...range, days: [...chosen] };
  return {
    range: within,
    rows: Math.min(spec.sample.rows, held),
    available: held,
    ...facts,
    periodRows: available,
    days: chosen.size,
  };
}

/** The bounds of a period, without its days. */
export function keyRange({ from, to }: ResolvedRunSpec['period']): KeyRange {
  return {
    ...(from === '' ? {} : { from: parseInstant(from)! }),
    ...(to === '' ? {} : { to: parseInstant(to)! }),
  };
}

/** The least rows that any of some tables has, for every day on which all have some. */
async function leastDays(
  warehouse: WarehouseView,
  tables: readonly CatalogueTable[],
  { range, ofRun }: { range: KeyRange; ofRun: OtherTables },
): Promise<DayCount[]> {
  const least = new Map<string, { rows: number; tables: number }>();
  for (const table of tables) {
    for (const { day, rows } of await warehouse.countDays(table, range, ofRun)) {
      const known = least.get(day);
      least.set(day, { rows: Math.min(rows, known?.rows ?? rows), tables: (known?.tables ?? 0) + 1 });
    }
  }
  const days = [...least].filter(([, count]) => count.tables === tables.length);
  if (days.length > 0)
    return days.map(([day, { rows }]) => ({ day, rows })).sort((a, b) => (a.day < b.day ? -1 : 1));
  throw new OnescanError(
    'FAILED_PRECONDITION',
    'there is no day on which all pairs have rows in the period',
    {
      remedy: 'Change period or pairs in the spec, or set sharedGroups to per-pair',
    },
  );
}

function totalRows(days: readonly DayCount[]): number {
  return days.reduce((sum, day) => sum + day.rows, 0);
}

const DAY_MICROS = 86_400_000_000;

/** From the start of the first day to the end of the last. */
function spanOfDays(days: readonly DayCount[]): KeySpan {
  const start = ({ day }: DayCount): number => Date.parse(day) * 1000;
  return { minKey: start(days[0]!), maxKey: start(days.at(-1)!) + DAY_MICROS };
}

/**
 * Notes on bounds that cut a day where rows are counted by day: rows of such a day are in the sample by `hash`, but
 * not counted, so that at most as many rows are sampled as the whole days hold; `days` leaves the day out.
 */
function cutDayNotes(range: KeyRange): PlanNote[] {
  return (['from', 'to'] as const).flatMap((bound) => {
    const micros = range[bound];
    if (micros === undefined || micros % DAY_MICROS === 0) return [];
    return [planNote({ code: 'period_cuts_a_day', facts: { bound, key: keyText(micros) } })];
  });
}

/**
 * Chooses whole days by hash, stratified over the period: the days in order are cut into as many equal
 * strata as days are needed, and each gives the day whose hash with the seed is least. The number of days is
 * the least for which the chosen ones hold `rows` rows.
 *
 * @param days days with their row counts, in order
 * @returns chosen days in order; all when there are not more rows than wanted
 */
export function chooseDays(days: readonly DayCount[], rows: number, seed: bigint): string[] {
  const total = days.reduce((sum, day) => sum + day.rows, 0);
  if (total <= rows) return days.map(({ day }) => day);
  const hashes = days.map(({ day }) => createHash('md5').update(`${seed}:${day}`).digest('hex'));
  const start = Math.max(1, Math.floor((rows / total) * days.length));
  for (let count = start; count <= days.length; count++) {
    const chosen = oneOfEachStratum(days.length, count, hashes);
    const held = chosen.reduce((sum, i) => sum + days[i]!.rows, 0);
    if (held >= rows) return chosen.map((i) => days[i]!.day);
  }
  throw new OnescanError('INTERNAL', `all ${days.length} days hold ${total} rows, yet not ${rows}`);
}

function oneOfEachStratum(days: number, strata: number, hashes: readonly string[]): number[] {
  return Array.from({ length: strata }, (_, stratum) => {
    const from = Math.floor((stratum * days) / strata);
    const to = Math.floor(((stratum + 1) * days) / strata);
    let best = from;
    for (let day = from + 1; day < to; day++) if (hashes[day]! < hashes[best]!) best = day;
    return best;
  });
}
