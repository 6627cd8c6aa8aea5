import { describe, expect, it } from 'vitest';
import { PairLearner } from '../learner/pair-learner.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { briefConfig, pairWith } from '../testing/gappy-pair.js';
import { requireLearnable } from './require-learnable.js';

describe('requireLearnable', () => {
  it('knows a block of time without a target', () => {
    const pair = pairWith({ rows: 1500, spacing: 8, columns: 8, missing: [[0, 0.05]] });
    const geometry = { horizon: 15, targetWindow: 45 };
    const input = { bar: pair.bar, usable: pair.usable, columns: 8, geometry, config: briefConfig() };
    expect(() => requireLearnable(input)).toThrow(/time block 1 of \d+ has no row with a target/);
    expect(() => requireLearnable({ ...input, usable: Uint32Array.from(pair.bar.keys()) })).not.toThrow();
  });

  it('needs two columns to bound false selections', () => {
    const pair = pairWith({ rows: 1500, spacing: 8, columns: 1, missing: [] });
    const geometry = { horizon: 15, targetWindow: 45 };
    const input = { bar: pair.bar, usable: pair.usable, geometry, config: briefConfig() };
    expect(() => requireLearnable({ ...input, columns: 1 })).toThrow(/no selection of 1 feature column by/);
    for (const columns of [2, 3, 4, 5, 6])
      expect(() => requireLearnable({ ...input, columns })).not.toThrow();
  });
});

describe('few candidates', () => {
  it.each([
    [2, 0.7],
    [3, 0.6],
    [5, 0.59],
  ])(
    '%i are selected from one by one, at a threshold above %d that keeps the error bound',
    (columns, above) => {
      const pair = pairWith({ rows: 1500, spacing: 8, columns, missing: [] });
      const learner = new PairLearner(pair.pairInput(briefConfig(), pair.columns), briefConfig());
      const { document, summary } = learner.learnHorizon(pair.horizonInput(15));
      const { threshold, q } = (document as { selection: { threshold: number; q: number } }).selection;
      expect(threshold).toBeGreaterThan(above);
      expect(q).toBe(1);
      expect(summary.expectedFalseSelections).toBeLessThanOrEqual(1);
      learner.release();
    },
  );

  it('that pruning leaves too few of are told, and the horizon is judged all the same', () => {
    const pair = pairWith({ rows: 1500, spacing: 8, columns: 1, missing: [] });
    const random = seededRandom(3n);
    const constant = { id: 'agg_eurusd.constant', values: new Float32Array(1500).fill(1) };
    const noise = {
      id: 'agg_eurusd.noise',
      values: Float32Array.from({ length: 1500 }, () => random.normal()),
    };
    const learner = new PairLearner(pair.pairInput(briefConfig(), [constant, noise]), briefConfig());
    const { fates, summary } = learner.learnHorizon(pair.horizonInput(15));
    expect(summary.featuresRetained).toBe(0);
    expect(fates[1]).toMatchObject({
      status: 'PRUNED',
      stage: 'select',
      why: { code: 'too_few_candidates', facts: { candidates: 1 } },
    });
    learner.release();
  });
});
