import type { RoundedColumns } from '../generated/onescan/v1/fetcher.js';
import { gapBeyondDoubles } from './beyond-doubles.js';
import type { DatasetColumn } from './dataset.js';

/** Columns that are named one by one, whatever their number. */
const NAMED = 3;

/** The columns of a dataset whose numbers were rounded to doubles, widest gaps first; undefined when there are none. */
export function roundedColumns(columns: readonly DatasetColumn[]): RoundedColumns | undefined {
  const rounded = columns
    .filter(({ included }) => included)
    .flatMap((column) => {
      const gap = gapBeyondDoubles(column);
      return gap === undefined ? [] : [{ featureId: column.featureId, gap }];
    })
    .sort((a, b) => b.gap - a.gap);
  return rounded.length === 0 ? undefined : { count: rounded.length, widest: rounded.slice(0, NAMED) };
}

/** What was rounded, as one sentence without a full stop. */
export function roundedText({ count, widest }: RoundedColumns): string {
  const named = widest.map(({ featureId, gap }) => `${featureId} (${gap.toLocaleString('en')} apart)`);
  const more = count > widest.length ? [`and ${count - widest.length} more`] : [];
  const keep = count === 1 ? 'column keeps' : 'columns keep';
  return `${count} ${keep} numbers beyond 2^53 as doubles, and what lies between those was rounded: ${[...named, ...more].join(', ')}`;
}
