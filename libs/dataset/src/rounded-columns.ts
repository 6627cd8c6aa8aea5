import type { RoundedColumns } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { ReasonOf } from '@onescan/contract/reasons/reason.js';
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

/** The same as what a plan notes. */
export function roundedReason({ count, widest }: RoundedColumns): ReasonOf<'numbers_rounded'> {
  const named = widest.map(({ featureId: feature, gap }) => ({ feature, gap }));
  return { code: 'numbers_rounded', facts: { columns: count, widest: named } };
}
