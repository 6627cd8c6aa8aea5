import { LedgerStatus } from '@onescan/contract/generated/onescan/v1/result.js';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import type { DatasetColumn } from '@onescan/dataset/dataset.js';
import { expect, test } from 'vitest';
import { ledgerRows } from './ledger.js';

function column(featureId: string, exclusion?: ExclusionReason): DatasetColumn {
  const included = exclusion === undefined;
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
    ...(exclusion === undefined ? {} : { exclusion }),
    ...nothing,
  };
}

const constant = { code: 'constant', facts: {} } as const;
const future = { code: 'future_name', facts: { pattern: 'target' } } as const;
const suspicious = {
  code: 'suspicious_share',
  facts: { part: 'unknown', horizon: 45, share: 0.4, limit: 0.25 },
} as const;

const base = { runId: 'r', pair: 'eurusd', horizon: 15, rowsExplained: 500, products: [] };

test('one row for every column of the universe, in its order', () => {
  const rows = ledgerRows({
    ...base,
    columns: [column('t.a'), column('t.target', future), column('t.b')],
    fates: [
      { status: 'PRUNED', stage: 'prune', why: constant },
      {
        status: 'RETAINED',
        stage: 'model',
        why: { code: 'gain', facts: { share: 0.9 } },
        remark: suspicious,
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
  expect(rows[1]).toMatchObject({ stage: 'plan', reason: '', why: future });
  expect(rows[2]).toMatchObject({ why: { code: 'gain' }, remark: suspicious, reason: '' });
  expect(rows[2]).toMatchObject({ selectionFrequency: 0.9, shapMeanAbs: 0.1, rank: 1, rowsExplained: 500 });
});

test('a product of two features has a row of its own, after those of the universe', () => {
  const product = {
    name: 't.a * |t.b|',
    status: 'RETAINED',
    stage: 'model',
    why: { code: 'product', facts: { share: 0.7 } },
    selectionFrequency: 0.7,
    importance: 0.5,
    shapMeanAbs: 0.2,
    rank: 1,
  } as const;
  const fates = [{ status: 'PRUNED', stage: 'prune', why: constant } as const];
  const rows = ledgerRows({ ...base, columns: [column('t.a')], fates, products: [product] });
  expect(rows).toHaveLength(2);
  expect(rows[1]).toMatchObject({ featureId: 't.a * |t.b|', group: 'products', why: product.why, rank: 1 });
});

test('a feature without a fate is an error, never left out', () => {
  const columns = [column('t.a'), column('t.b')];
  const fates = [{ status: 'PRUNED', stage: 'prune', why: constant } as const];
  expect(() => ledgerRows({ ...base, columns, fates })).toThrow('1 fates for 2 included features');
});

test('what is pruned for values that doubles cannot tell apart has that as a remark', () => {
  const ids = { ...column('t.id'), type: 'BIGINT', min: 2 ** 60, max: 2 ** 60 + 4096 };
  const pruned = { status: 'PRUNED', stage: 'prune', why: constant } as const;
  const remarks = (columns: DatasetColumn[]) =>
    ledgerRows({ ...base, columns, fates: columns.map(() => pruned) }).map(({ remark }) => remark);
  expect(
    remarks([
      ids,
      { ...ids, type: 'DOUBLE' },
      { ...ids, min: 1, max: 2 ** 52 },
      { ...ids, min: Number.NaN, max: Number.NaN },
    ]),
  ).toEqual([
    { code: 'beyond_doubles', facts: { type: 'BIGINT', gap: 256 } },
    undefined,
    undefined,
    undefined,
  ]);
  for (const type of ['INT64', 'HUGEINT', 'DECIMAL(38,0)', 'NUMERIC', 'BIGNUMERIC(40,2)'])
    expect(remarks([{ ...ids, type }])[0]?.facts).toMatchObject({ type });
});
