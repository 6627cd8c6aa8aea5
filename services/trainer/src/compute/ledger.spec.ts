import type { DatasetColumn } from '@onescan/shared/dataset/dataset.js';
import { LedgerStatus } from '@onescan/shared/generated/onescan/v1/result.js';
import { expect, test } from 'vitest';
import { ledgerRows } from './ledger.js';

function column(featureId: string, exclusionReason = ''): DatasetColumn {
  const included = exclusionReason === '';
  const nothing = { nullShare: 0, min: 0, max: 0, mean: 0, infinite: 0, deviation: 0, contentSha256: '' };
  const exclusionStage = included ? '' : 'plan';
  return {
    featureId,
    group: 'g',
    type: 'DOUBLE',
    encoding: '',
    stored: '' as const,
    included,
    exclusionStage,
    exclusionReason,
    ...nothing,
  };
}

const base = { runId: 'r', pair: 'eurusd', horizon: 15, rowsExplained: 500 };

test('one row for every column of the universe, in its order', () => {
  const rows = ledgerRows({
    ...base,
    columns: [column('t.a'), column('t.target', 'future values'), column('t.b')],
    fates: [
      { status: 'PRUNED', stage: 'prune', reason: 'constant' },
      {
        status: 'RETAINED',
        stage: 'model',
        reason: 'kept',
        selectionFrequency: 0.9,
        importance: 2,
        shapMeanAbs: 0.1,
        rank: 1,
      },
    ],
  });
  expect(rows.map((row) => row.featureId)).toEqual(['t.a', 't.target', 't.b']);
  expect(rows.map((row) => row.status)).toEqual([
    LedgerStatus.LEDGER_STATUS_PRUNED,
    LedgerStatus.LEDGER_STATUS_EXCLUDED,
    LedgerStatus.LEDGER_STATUS_RETAINED,
  ]);
  expect(rows[0]).not.toHaveProperty('shapMeanAbs');
  expect(rows[0]?.rowsExplained).toBe(0);
  expect(rows[1]).toMatchObject({ stage: 'plan', reason: 'future values' });
  expect(rows[2]).toMatchObject({ selectionFrequency: 0.9, shapMeanAbs: 0.1, rank: 1, rowsExplained: 500 });
});

test('a feature without a fate is an error, never left out', () => {
  const columns = [column('t.a'), column('t.b')];
  const fates = [{ status: 'PRUNED', stage: 'prune', reason: 'constant' } as const];
  expect(() => ledgerRows({ ...base, columns, fates })).toThrow('1 fates for 2 included features');
});

test('what is pruned for values that doubles cannot tell apart has that in its reason', () => {
  const ids = { ...column('t.id'), type: 'BIGINT', min: 2 ** 60, max: 2 ** 60 + 4096 };
  const pruned = { status: 'PRUNED', stage: 'prune', reason: 'constant' } as const;
  const reasons = (columns: DatasetColumn[]): string[] =>
    ledgerRows({ ...base, columns, fates: columns.map(() => pruned) }).map(({ reason }) => reason);
  expect(
    reasons([
      ids,
      { ...ids, type: 'DOUBLE' },
      { ...ids, min: 1, max: 2 ** 52 },
      { ...ids, min: Number.NaN, max: Number.NaN },
    ]),
  ).toEqual([
    'constant; its BIGINT values reach beyond 2^53, where doubles are 256 apart: what lies between was rounded',
    'constant',
    'constant',
    'constant',
  ]);
  for (const type of ['INT64', 'HUGEINT', 'DECIMAL(38,0)', 'NUMERIC', 'BIGNUMERIC(40,2)'])
    expect(reasons([{ ...ids, type }])[0]).toContain(`its ${type} values reach beyond 2^53`);
});
