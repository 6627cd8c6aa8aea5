import { afterEach, describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { horizonData } from '../data/horizon-data.js';
import { PairSelection } from '../horizon/pair-selection.js';
import { PairLearner } from '../learner/pair-learner.js';
import { developmentRows } from '../splits/development-rows.js';
import { protocolSegments } from '../splits/protocol-segments.js';
import { STABILITY_METHOD_NAMES } from '../stability/stability-methods.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { createWorkPool } from '../threads/thread-pool.js';

const pair = simulatePair({ seed: 41n, rows: 2500, spacing: 8, noiseFeatures: 20, effect: 0.3 });
const learners: PairLearner[] = [];

function learner(preset: string, overrides: Record<string, string>, threads: number): PairLearner {
  const config = resolveLearnConfig(preset, { 'verdict.replicates': '50', ...overrides });
  const made = new PairLearner(pair.pairInput(config), config, threads);
  learners.push(made);
  return made;
}

afterEach(() => {
  for (const made of learners.splice(0)) made.release();
});

const FEW_TREES = Object.fromEntries(
  ['leaf', 'level', 'symmetric', 'value'].map((name) => [`models.${name}.rounds`, '12']),
);

const EVERY_METHOD = {
  'select.methods': STABILITY_METHOD_NAMES.join(','),
  'select.pairs': '12',
  'select.maxFalse': '16',
};

describe('a horizon learned on several threads', () => {
  it.each([
    ['quick', { ...FEW_TREES, ...EVERY_METHOD, 'interactions.features': '20' }],
    ['mandated', FEW_TREES],
  ])('has the document, fates and summary of one thread, to the last byte (%s)', (preset, overrides) => {
    const [one, two, four] = [1, 2, 4].map((threads) =>
      JSON.stringify(learner(preset, overrides, threads).learnHorizon(pair.horizonInput(30))),
    );
    expect(one!.length).toBeGreaterThan(10_000);
    expect(two).toBe(one);
    expect(four).toBe(one);
  });

  it('prunes and selects among more columns than a thread takes at a time as one thread does', () => {
    const wide = simulatePair({ seed: 43n, rows: 1600, spacing: 8, noiseFeatures: 560, effect: 0.3 });
    const config = resolveLearnConfig('quick', { 'select.blocks': '8', 'select.maxFalse': '4' });
    const input = wide.pairInput(config);
    const geometry = { horizon: 15, targetWindow: 45 };
    const { bar, persistence } = wide;
    const data = horizonData({ geometry, ...wide.horizonInput(15), bar, persistence });
    const { selection: rows } = protocolSegments({ bar, geometry, usable: data.usable, config });
    const [one, two, four] = [1, 2, 4].map((threads) => {
      const selection = new PairSelection(input, config, developmentRows(bar, config));
      const pool = createWorkPool(threads);
      const found = selection.select({ data, rows, seed: 9n, pool, shadows: 1 }, {});
      const { selected, frequency, order, facts } = found.selection;
      const { kept, reasons } = selection.prune().pruning;
      selection.release();
      pool.close();
      return { kept, reasons: [...reasons], selected, frequency, order, facts };
    });
    expect(one!.selected.length).toBeGreaterThan(0);
    expect(two).toEqual(one);
    expect(four).toEqual(one);
  });

  it('exports the same models, and changes nothing else by that', () => {
    const settings = { ...FEW_TREES, 'explain.value': 'yes' };
    const learn = (threads: number, exported: string) =>
      learner('quick', { ...settings, 'models.export': exported }, threads).learnHorizon(
        pair.horizonInput(30),
      );
    const [one, two, none] = [learn(1, 'yes'), learn(2, 'yes'), learn(1, 'no')];
    expect(one.models!.models.length).toBeGreaterThan(3);
    expect(two.models).toEqual(one.models);
    expect(none.models).toBeNull();
    expect(JSON.stringify(none.document)).not.toContain('"export":"no","leaf"');
    const { config, ...others } = one.document;
    const { config: _, ...same } = none.document;
    expect(others).toEqual(same);
    expect(config).toMatchObject({ models: { export: 'yes' } });
  });
});
