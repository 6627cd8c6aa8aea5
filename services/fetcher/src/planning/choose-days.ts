import { createHash } from 'node:crypto';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { DayCount } from '../catalogue/catalogue.js';

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
