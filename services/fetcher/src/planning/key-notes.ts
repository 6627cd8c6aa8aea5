import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { CatalogueTable, KeyRange } from '../catalogue/catalogue.js';
import type { WarehouseView } from '../warehouse/warehouse.js';
import type { TargetsSpan } from './coverage-notes.js';
import { type KeyMatch, keyMatch } from './key-match.js';

/** Parts of the period that are looked at, as shares of it: clocks that are put back in autumn are off in one of them. */
const PLACES = [0.25, 0.75];
const DAY_MICROS = 86_400_000_000;
/** A part holds a weekend, and so many bars where those are long. */
const LEAST_DAYS = 8;
const LEAST_BARS = 2000;
/** Tables of which keys are held at a time; a plan that is cancelled ends between two such batches. */
const BATCH = 32;
/** A table without rows for more of the keys is noted. */
const MOST_MISSED = 0.5;

/**
 * Notes on tables whose keys are not those of the targets: shifted by seconds, of another time zone, or mostly other ones. Their
 * columns would be missing where there are values, or late.
 *
 * @param tables of which columns are read
 * @param span of the targets; nothing is said without it, or where reading keys is billed
 */
export async function keyNotes(
  warehouse: Pick<WarehouseView, 'readKeys'>,
  targets: CatalogueTable,
  tables: readonly CatalogueTable[],
  span: TargetsSpan | undefined,
): Promise<PlanNote[]> {
  const { readKeys } = warehouse;
  if (!readKeys || !span) return [];
  const filled = tables.filter(({ rows }) => rows !== 0);
  const worst = new Map<CatalogueTable, KeyMatch>();
  for (const range of partsOf(span)) {
    const [keys] = await readKeys.call(warehouse, [targets], range);
    for (let from = 0; from < filled.length; from += BATCH) {
      const batch = filled.slice(from, from + BATCH);
      for (const [i, own] of (await readKeys.call(warehouse, batch, range)).entries()) {
        const found = keyMatch(keys!, own);
        if (found && isWorse(found, worst.get(batch[i]!))) worst.set(batch[i]!, found);
      }
    }
  }
  return [...worst].flatMap(([{ name }, match]) => noteOf(name, match));
}

function partsOf({ minKey, maxKey, rows }: TargetsSpan): KeyRange[] {
  const whole = maxKey - minKey;
  const length = Math.max(LEAST_DAYS * DAY_MICROS, rows ? (LEAST_BARS * whole) / rows : 0);
  if (PLACES.length * length >= whole) return [{ from: minKey, to: maxKey + 1 }];
  return PLACES.map((place) => {
    const from = Math.round(minKey + place * whole - length / 2);
    return { from, to: Math.round(from + length) };
  });
}

function isWorse(one: KeyMatch, other: KeyMatch | undefined): boolean {
  if (!other) return true;
  if ((one.shiftMicros === undefined) !== (other.shiftMicros === undefined))
    return one.shiftMicros !== undefined;
  return one.missed > other.missed;
}

function noteOf(table: string, { missed, shiftMicros }: KeyMatch): PlanNote[] {
  if (shiftMicros !== undefined) {
    const facts = { table, seconds: shiftMicros / 1e6, missed };
    return [planNote({ code: 'keys_shifted', facts }, 1 + missed)];
  }
  return missed > MOST_MISSED ? [planNote({ code: 'keys_missed', facts: { table, missed } }, missed)] : [];
}
