import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { DayCount, KeyRange, KeySpan } from '../catalogue/catalogue.js';
import { keyText } from './key-text.js';

const DAY_MICROS = 86_400_000_000;

/** From the start of the first day to the end of the last. */
export function spanOfDays(days: readonly DayCount[]): KeySpan {
  const start = ({ day }: DayCount): number => Date.parse(day) * 1000;
  return { minKey: start(days[0]!), maxKey: start(days.at(-1)!) + DAY_MICROS };
}

/**
 * Notes on bounds that cut a day where rows are counted by day: rows of such a day are in the sample by `hash`, but
 * not counted, so that at most as many rows are sampled as the whole days hold; `days` leaves the day out.
 */
export function cutDayNotes(range: KeyRange): PlanNote[] {
  return (['from', 'to'] as const).flatMap((bound) => {
    const micros = range[bound];
    if (micros === undefined || micros % DAY_MICROS === 0) return [];
    return [planNote({ code: 'period_cuts_a_day', facts: { bound, key: keyText(micros) } })];
  });
}
