import { expect, test } from 'vitest';
import type { DatasetColumn } from './dataset.js';
import { roundedColumns, roundedReason } from './rounded-columns.js';

function column(featureId: string, type: string, max: number, included = true): DatasetColumn {
  return {
    featureId,
    group: 'g',
    type,
    encoding: 'number',
    stored: 'DOUBLE',
    included,
    exclusionStage: '',
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
  expect(roundedReason(rounded!)).toEqual({
    code: 'numbers_rounded',
    facts: { columns: 1, widest: [{ feature: 'id.order_nr', gap: 256 }] },
  });
});

test('of many columns the widest gaps are named, the rest is counted', () => {
  const columns = Array.from({ length: 500 }, (_, i) => column(`t.id${i}`, 'HUGEINT', 2 ** (53 + (i % 64))));
  const rounded = roundedColumns(columns)!;
  expect(rounded.count).toBe(500);
  expect(rounded.widest.map(({ featureId }) => featureId)).toEqual(['t.id63', 't.id127', 't.id191']);
  expect(roundedReason(rounded).facts.columns).toBe(500);
});
