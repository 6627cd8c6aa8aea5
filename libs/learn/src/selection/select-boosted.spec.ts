import { describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { horizonData } from '../data/horizon-data.js';
import { CancelledError } from '../errors/cancelled-error.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { callingThread } from '../threads/work-pool.js';
import { selectBoosted } from './select-boosted.js';

describe('selectBoosted', () => {
  const pair = simulatePair({ seed: 32n, rows: 2500, spacing: 8, noiseFeatures: 6, effect: 0.2 });
  const config = resolveLearnConfig('mandated', { 'select.maxFeatures': '4' });
  const data = horizonData({
    geometry: { horizon: 45, targetWindow: 45 },
    ...pair.horizonInput(45),
    bar: pair.bar,
    persistence: pair.persistence,
  });
  const { matrix } = pair.pairInput(config);
  const candidates = [...pair.features.keys()].filter((column) => column !== 1);
  const task = {
    data,
    rows: data.usable.subarray(0, 1200),
    target: data.value,
    leaks: new Map(),
    seed: 1n,
    pool: callingThread,
    shadows: 1 as const,
  };
  const hooks = { isCancelled: () => false, onProgress: () => undefined };

  it('counts fits with gain: shares of 15, planted features in all, no more than allowed', () => {
    const found = selectBoosted(matrix, candidates, task, config, hooks);
    const planted = pair.features.findIndex(({ id }) => id === 'mkt_flow.flow_ma');
    expect(found.frequency[planted]).toBeCloseTo(1, 9);
    expect(found.frequency[1]).toBeNaN();
    expect(found.selected).toContain(planted);
    expect(found.selected).toHaveLength(4);
    expect([...found.selected]).toEqual([...found.selected].sort((a, b) => a - b));
    for (const column of candidates) {
      expect(found.frequency[column]! * 15).toBeCloseTo(Math.round(found.frequency[column]! * 15), 6);
    }
    const dropped = candidates.find((column) => !found.selected.includes(column))!;
    const share = found.frequency[dropped]!;
    expect([
      { code: 'rare_gain', facts: { share } },
      { code: 'gain_beyond_limit', facts: { share, limit: 4 } },
    ]).toContainEqual(found.notSelected(dropped));
    expect(found.expectedFalseSelections).toBeNaN();
  });

  it('stops when asked to', () => {
    const stop = { ...hooks, isCancelled: () => true };
    expect(() => selectBoosted(matrix, candidates, task, config, stop)).toThrow(CancelledError);
  });
});
