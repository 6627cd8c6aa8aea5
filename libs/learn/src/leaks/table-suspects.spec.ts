import { expect, it } from 'vitest';
import type { PairLeaks } from './pair-leaks.js';
import { refusingSuspects, withTableSuspects } from './table-suspects.js';

const facts = { part: 'unknown', horizon: 45, share: 0.03, limit: 0.01 } as const;
const found: PairLeaks = {
  refused: new Map([[1, { code: 'leak', facts: { ...facts, share: 0.9 } }]]),
  suspicious: new Map([[4, { code: 'suspicious_share', facts }]]),
};
const ids = ['agg.mean', 'agg.ahead', 'agg.std', 'mom.roc', 'csi.late', 'csi.x', 'plain'];

it('evidence against a column counts for its table, and for no other', () => {
  const { refused, suspicious } = withTableSuspects(found, ids, [0, 1, 3, 4, 5, 6]);
  expect(refused).toEqual(found.refused);
  expect([...suspicious]).toEqual([
    [0, { code: 'suspicious_table', facts: { feature: 'agg.ahead' } }],
    [4, { code: 'suspicious_share', facts }],
    [5, { code: 'suspicious_table', facts: { feature: 'csi.late' } }],
  ]);
});

it('what is suspicious is refused with the same facts where that is asked for', () => {
  const { refused, suspicious } = refusingSuspects(withTableSuspects(found, ids, [0, 1, 4]));
  expect(suspicious.size).toBe(0);
  expect([...refused].map(([column, { code }]) => [column, code])).toEqual([
    [0, 'refused_sister'],
    [1, 'leak'],
    [4, 'refused_suspect'],
  ]);
});
