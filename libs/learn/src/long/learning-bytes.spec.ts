import { afterEach, describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { Arena } from '../kernels/arena.js';
import { PairLearner } from '../learner/pair-learner.js';
import { estimateLearningBytes } from '../sizing/learning-bytes.js';
import { simulatePair } from '../testing/simulated-pair.js';

// Something is retained: the folds of a selection that retains nothing are not looked at.
const pair = simulatePair({ seed: 61n, rows: 2400, spacing: 8, noiseFeatures: 340, effect: 0.5 });
// One column is pruned, as some always are: trees then grow on a copy of the others.
const columns = [...pair.features, { id: 'constant', values: new Float32Array(2400).fill(1) }];
const learners: PairLearner[] = [];

afterEach(() => {
  for (const learner of learners.splice(0)) learner.release();
});

/** Most that is allocated in the pair's memory while features are selected, beyond the matrix. */
function measure(overrides: Record<string, string>, threads: number, preset = 'standard') {
  const config = resolveLearnConfig(preset, {
    'protocol.finalShare': '0.2',
    'models.leaf.rounds': '2',
    'models.level.rounds': '2',
    'models.symmetric.rounds': '2',
    'models.value.rounds': '2',
    ...overrides,
  });
  const input = pair.pairInput(config, columns);
  const arena = new Arena(input.matrix.memory);
  const before = arena.usedBytes();
  const learner = new PairLearner(input, config, threads);
  learners.push(learner);
  let most = 0;
  let stop = false;
  const hooks = {
    onStage: (stage: string, event: string) => {
      stop ||= stage === 'select' && event === 'end';
    },
    onProgress: (stage: string) => {
      if (stage === 'select') most = Math.max(most, arena.usedBytes() - before);
    },
    isCancelled: () => stop,
  };
  expect(() => learner.learnHorizon(pair.horizonInput(45), hooks)).toThrow(/cancelled/);
  const size = { rows: input.matrix.rows, columns: input.matrix.columns, config, threads };
  return { most, estimate: estimateLearningBytes(size) };
}

describe('estimateLearningBytes', () => {
  it.each([
    ['standard', 1, { 'select.pairs': '10', 'select.blocks': '8' }],
    // The room of interactions is a thread's for moments only, and both may not be seen to have it at once.
    ['standard', 2, { 'select.pairs': '10', 'select.blocks': '8', 'interactions.features': '0' }],
    ['standard', 2, { 'select.pairs': '10', 'select.blocks': '8', 'select.methods': 'elastic-net,stumps' }],
    // Blocks that are too few for the folds, which then have their own beside them; enough for all; and no folds.
    ['standard', 1, { 'select.pairs': '10', 'select.blocks': '8', 'interactions.features': '0' }],
    ['standard', 1, { 'select.pairs': '10', 'select.blocks': '16', 'interactions.features': '0' }],
    ['standard', 1, { 'select.pairs': '10', 'select.blocks': '8', 'select.nested': 'no' }],
    ['mandated', 1, {}],
  ])('is right within 10 % for the selection of %s on %d threads with %j', (preset, threads, overrides) => {
    const { most, estimate } = measure(overrides, threads, preset);
    expect(most / estimate.selection).toBeGreaterThan(0.9);
    expect(most / estimate.selection).toBeLessThan(1.1);
  });
});
