import { describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { PairLearner } from '../learner/pair-learner.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { type SampleShape, sampleOutlook } from './sample-need.js';

const HORIZONS = [15, 45, 105];
const outlook = (shape: SampleShape, preset = 'quick', overrides: Record<string, string> = {}) =>
  sampleOutlook(shape, {
    horizons: HORIZONS,
    targetWindow: 45,
    config: resolveLearnConfig(preset, overrides),
    columns: 100,
  });
const wholeDays = (rows: number, count: number): SampleShape => ({
  rows,
  periodBars: 60_000,
  days: { count, bars: 1440 * count },
});

describe('sampleOutlook', () => {
  it.each(['quick', 'standard', 'mandated'])('has nothing against a usual sample (%s)', (preset) => {
    for (const shape of [{ rows: 80_000, periodBars: 2_000_000 }, wholeDays(50_000, 35)]) {
      const { smallest, ...obstacles } = outlook(shape, preset);
      expect(obstacles).toEqual({ impossible: [], doubtful: [], leastRows: undefined });
      expect(smallest!.auc).toBeLessThan(0.75);
    }
  });

  it('finds two weeks of whole days few in blocks of time, where fifty are asked for', () => {
    expect(outlook(wholeDays(20_000, 14), 'quick').doubtful).toEqual([]);
    const { doubtful } = outlook(wholeDays(20_000, 14), 'standard');
    expect(doubtful.map(({ obstacle }) => obstacle.kind)).toEqual(HORIZONS.map(() => 'few_blocks'));
  });

  it('knows that blocks of whole days are purged away, and how many rows are not', () => {
    const { impossible, leastRows } = outlook(wholeDays(3000, 3));
    expect(impossible.map(({ horizon }) => horizon)).toEqual(HORIZONS);
    expect(impossible[0]!.obstacle).toEqual({
      kind: 'not_learnable',
      words: expect.stringMatching(/time block 1 of 16 \(\d+ rows\) keeps no row after purging 150 bars/),
    });
    expect(leastRows).toBeGreaterThan(4000);
    const enough = outlook(wholeDays(leastRows!, Math.ceil(leastRows! / 1440)));
    expect(enough.impossible).toEqual([]);
  });

  it('is in doubt where little more room would do', () => {
    const { impossible, doubtful } = outlook(wholeDays(5000, 4));
    expect(impossible).toEqual([]);
    expect(doubtful.map(({ horizon }) => horizon)).toEqual(HORIZONS);
  });

  it('knows no number of rows for a period that is too short', () => {
    const { impossible, leastRows } = outlook({ rows: 400, periodBars: 1500 }, 'standard');
    expect(impossible).toHaveLength(HORIZONS.length);
    expect(leastRows).toBeUndefined();
  });

  it('says beforehand what can have no verdict', () => {
    const { impossible, doubtful } = outlook({ rows: 1000, periodBars: 60_000 });
    expect(impossible).toEqual([]);
    expect(doubtful[0]!.obstacle).toEqual({ kind: 'few_rows', found: 249, least: 300 });
  });

  it('agrees with learning, which fails where it says so', () => {
    const config = resolveLearnConfig('quick');
    const pair = simulatePair({ seed: 5n, rows: 1500, spacing: 1, noiseFeatures: 2 });
    const learner = new PairLearner(pair.pairInput(config), config);
    const { impossible } = outlook({ rows: 1500, periodBars: 1500 });
    for (const { horizon } of impossible) {
      expect(() => learner.learnHorizon(pair.horizonInput(horizon))).toThrow(LearnInputError);
    }
    expect(impossible.length).toBeGreaterThan(0);
    learner.release();
  });
});
