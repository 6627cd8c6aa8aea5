import { expect, test } from 'vitest';
import type { DatasetColumn } from './dataset.js';
import { roundedColumns, roundedText } from './rounded-columns.js';

function column(featureId: string, type: string, max: number, included = true): DatasetColumn {
  return {
    featureId,
    group: 'g',
    type,
    encoding: 'number',
    stored: 'DOUBLE',
    included,
    exclusionStage: '',
    exclusionReason: '',
    nullShare: 0,
    min: 0,
    max,
    mean: 0,
    deviation: 1,
    infinite: 0,
    contentSha256: '',
  };
}

test('nothing is said of columns whose whole numbers doubles hold, or that hold doubles anyway', () => {
  const columns = [
    column('t.small', 'BIGINT', 2 ** 53 - 1),
    column('t.double', 'DOUBLE', 2 ** 80),
    column('t.empty', 'BIGINT', Number.NaN),
    column('t.excluded', 'BIGINT', 2 ** 60, false),
  ];
  expect(roundedColumns(columns)).toBeUndefined();
});

test('one column is named with how far apart its doubles are', () => {
  const rounded = roundedColumns([column('t.small', 'BIGINT', 5), column('id.order_nr', 'INT64', 2 ** 60)]);
  expect(rounded).toEqual({ count: 1, widest: [{ featureId: 'id.order_nr', gap: 256 }] });
  expect(roundedText(rounded!)).toBe(
    '1 column keeps numbers beyond 2^53 as doubles, and what lies between those was rounded: id.order_nr (256 apart)',
  );
});

test('of many columns the widest gaps are named, the rest is counted', () => {
  const columns = Array.from({ length: 500 }, (_, i) => column(`t.id${i}`, 'HUGEINT', 2 ** (53 + (i % 64))));
  const rounded = roundedColumns(columns)!;
  expect(rounded.count).toBe(500);
  expect(rounded.widest.map(({ featureId }) => featureId)).toEqual(['t.id63', 't.id127', 't.id191']);
  expect(roundedText(rounded)).toMatch(
    /^500 columns keep .*: t\.id63 \(18,446,744,073,709,552,000 apart\), .*, and 497 more$/,
  );
});
