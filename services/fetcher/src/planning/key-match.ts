/** How the keys of a feature table lie to those of the targets in some part of the period. */
export interface KeyMatch {
  /** Share of the targets' keys that have no row in the table. */
  readonly missed: number;
  /** The table's keys are so many microseconds later (earlier: negative) than those that they belong to; absent: not shifted. */
  readonly shiftMicros?: number;
}

/** Fewer keys tell nothing. */
const LEAST_KEYS = 50;
/** Shifts of the clock that are tried, on either side: as far as time zones go. */
const MOST_HALF_HOURS = 28;
const HALF_HOUR = 1_800_000_000;
/** A shift must bring so many more keys together than it parts, and more than keys that are missing at random make up: deviations. */
const LEAST_GAINED = 5;
const GAINED_SHARE = 0.003;
const DEVIATIONS = 5;

/**
 * Compares keys. A table that is off by seconds shares no key with the targets; one that is off by whole hours shares most of
 * them and gives itself away where markets close and open. Keys outside the table's own first and last one say nothing: what a
 * table does not cover is another matter.
 *
 * @param targets ascending keys of the targets, epoch microseconds
 * @param table ascending keys of the table in the same part of the period
 * @returns undefined where there are too few keys to tell
 */
export function keyMatch(targets: Float64Array, table: Float64Array): KeyMatch | undefined {
  if (table.length === 0) return undefined;
  const [first, last] = [table[0]! - 1, table[table.length - 1]! + 1];
  const isCovered = (key: number): boolean => key >= first - HALF_HOUR && key <= last + HALF_HOUR;
  const own = targets.filter(isCovered);
  if (own.length < LEAST_KEYS) return undefined;
  const lacking = notIn(targets, table);
  const missed = lacking.filter(isCovered).length / own.length;
  const least = Math.max(LEAST_GAINED, GAINED_SHARE * own.length);
  // A shift gains at most the keys that are missed: of most tables that is none, and no shift need be tried.
  if (lacking.length < least) return { missed };
  const met = notIn(targets, lacking);
  let best: { shift: number; surplus: number } | undefined;
  for (const shift of shifts(own, table)) {
    const gained = countIn(lacking, table, shift);
    const lost = met.length - countIn(met, table, shift);
    const surplus = gained - lost;
    if (surplus < Math.max(least, DEVIATIONS * Math.sqrt(gained + lost))) continue;
    const isBetter =
      !best || surplus > best.surplus || (surplus === best.surplus && Math.abs(shift) < Math.abs(best.shift));
    if (isBetter) best = { shift, surplus };
  }
  return best ? { missed, shiftMicros: best.shift } : { missed };
}

/** Those of ascending keys that other ascending keys do not hold. */
function notIn(keys: Float64Array, others: Float64Array): Float64Array {
  let at = 0;
  return keys.filter((key) => {
    while (at < others.length && others[at]! < key) at++;
    return others[at] !== key;
  });
}

/** How many ascending keys other ascending keys hold when they are taken as shifted. */
function countIn(keys: Float64Array, others: Float64Array, shift: number): number {
  let [count, at] = [0, 0];
  for (const key of keys) {
    const wanted = key + shift;
    while (at < others.length && others[at]! < wanted) at++;
    if (others[at] === wanted) count++;
  }
  return count;
}

/** Half hours of the clock, and those off by what most keys lack to the next one of the table. */
function shifts(targets: Float64Array, table: Float64Array): number[] {
  const clock = Array.from({ length: 2 * MOST_HALF_HOURS + 1 }, (_, k) => (k - MOST_HALF_HOURS) * HALF_HOUR);
  const offset = usualOffset(targets, table);
  const all = offset === 0 ? clock : [...clock, ...clock.map((hours) => hours + offset), offset];
  return all.filter((shift) => shift !== 0);
}

/** The most frequent distance from a key of the targets to the nearest one of the table. */
function usualOffset(targets: Float64Array, table: Float64Array): number {
  const counts = new Map<number, number>();
  let at = 0;
  for (const key of targets) {
    while (at + 1 < table.length && Math.abs(table[at + 1]! - key) <= Math.abs(table[at]! - key)) at++;
    const offset = table[at]! - key;
    counts.set(offset, (counts.get(offset) ?? 0) + 1);
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || Math.abs(a) - Math.abs(b))[0]?.[0] ?? 0;
}
