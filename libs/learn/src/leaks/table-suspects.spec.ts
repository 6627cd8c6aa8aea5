import { expect, it } from 'vitest';
import type { ToldByTargets } from './pair-leaks.js';
import { refusingSuspects, withTableSuspects } from './table-suspects.js';

const facts = { part: 'unknown', horizon: 45, share: 0.03, limit: 0.01 } as const;
const found: ToldByTargets = {
  refused: new Map([[1, { code: 'leak', facts: { ...facts, share: 0.9 } }]]),
  suspicious: new Map([[4, { code: 'suspicious_share', facts }]]),
};
const ids = ['agg.mean', 'agg.ahead', 'agg.std', 'mom.roc', 'csi.late', 'csi.x', 'plain'];

it('evidence against a column counts for its table, and for no other', () => {
  const { refused, suspicious } = withTableSuspects(found, { featureIds: ids }, [0, 1, 3, 4, 5, 6]);
  expect(refused).toEqual(found.refused);
  expect([...suspicious]).toEqual([
    [0, { code: 'suspicious_table', facts: { feature: 'agg.ahead' } }],
    [4, { code: 'suspicious_share', facts }],
    [5, { code: 'suspicious_table', facts: { feature: 'csi.late' } }],
  ]);
});

it('what is suspicious is refused with the same facts where that is asked for', () => {
  const { refused, suspicious } = refusingSuspects(withTableSuspects(found, { featureIds: ids }, [0, 1, 4]));
  expect(suspicious.size).toBe(0);
  expect([...refused].map(([column, { code }]) => [column, code])).toEqual([
    [0, 'refused_sister'],
    [1, 'leak'],
    [4, 'refused_suspect'],
  ]);
});

it('a column barely beyond its limit speaks for itself alone, two of them for their table', () => {
  const barely = { code: 'suspicious_share', facts: { ...facts, share: 0.012 } } as const;
  const suspectsOf = (columns: number[]) => {
    const suspicious = new Map(columns.map((column) => [column, barely]));
    const all = withTableSuspects({ refused: new Map(), suspicious }, { featureIds: ids }, [0, 1, 2, 3]);
    return [...all.suspicious.keys()];
  };
  expect(suspectsOf([1])).toEqual([1]);
  expect(suspectsOf([1, 2])).toEqual([0, 1, 2]);
});

it('a column that was left out since it follows a later target speaks against its table', () => {
  const none = { refused: new Map(), suspicious: new Map() };
  const pair = { featureIds: ids, holdingTargets: ['csi.ahead'] };
  expect([...withTableSuspects(none, pair, [0, 3, 4, 5]).suspicious]).toEqual([
    [4, { code: 'suspicious_table', facts: { feature: 'csi.ahead' } }],
    [5, { code: 'suspicious_table', facts: { feature: 'csi.ahead' } }],
  ]);
});
