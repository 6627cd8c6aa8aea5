import { expect, it } from 'vitest';
import { pairSuspicions } from './pair-suspicions.js';

const leak = { featureId: 'agg.leak', reason: 'explains h45', retained: false };
const dominant = { featureId: 'agg.best', reason: 'holds 95 %', retained: true };

it('says a suspicion once a pair, with its horizons, refused ones first', () => {
  const results = [
    { pair: 'eurusd', horizon: 45, suspicions: [leak, dominant] },
    { pair: 'eurusd', horizon: 15, suspicions: [leak, { ...dominant, reason: 'holds 91 %' }] },
    { pair: 'gbpusd', horizon: 15, suspicions: [leak] },
    { pair: 'usdjpy', horizon: 15, suspicions: [] },
  ];
  expect(pairSuspicions(results)).toEqual([
    { ...leak, pair: 'eurusd', horizons: [15, 45] },
    { ...leak, pair: 'gbpusd', horizons: [15] },
    { ...dominant, pair: 'eurusd', horizons: [15, 45] },
  ]);
});
