import { afterEach, describe, expect, it, vi } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { CancelledError } from '../errors/cancelled-error.js';
import { Arena } from '../kernels/arena.js';
import { PairLearner } from '../learner/pair-learner.js';
import { simulatePair } from '../testing/simulated-pair.js';

// Threads start and share two cores with the rest of the tests.
vi.setConfig({ testTimeout: 120_000 });

const pair = simulatePair({ seed: 41n, rows: 1500, spacing: 8, noiseFeatures: 8, effect: 0.3 });
const learners: PairLearner[] = [];

function learner(preset: string, overrides: Record<string, string>, threads: number) {
  const config = resolveLearnConfig(preset, { 'verdict.replicates': '50', ...overrides });
  const input = pair.pairInput(config);
  const made = new PairLearner(input, config, threads);
  learners.push(made);
  return { learner: made, arena: new Arena(input.matrix.memory) };
}

afterEach(() => {
  for (const made of learners.splice(0)) made.release();
});

const FEW_TREES = Object.fromEntries(
  ['leaf', 'level', 'symmetric', 'value'].map((name) => [`models.${name}.rounds`, '12']),
);

describe('a horizon learned on several threads', () => {
  it('has the document, fates and summary of one thread, to the last byte', () => {
    const [one, two] = [1, 2].map((threads) =>
      JSON.stringify(learner('quick', FEW_TREES, threads).learner.learnHorizon(pair.horizonInput(30))),
    );
    expect(one!.length).toBeGreaterThan(10_000);
    expect(two).toBe(one);
  });

  it('gives the memory of the matrix back, horizon after horizon', () => {
    const { learner: made, arena } = learner('quick', FEW_TREES, 2);
    const before = arena.usedBytes();
    const used = [15, 30, 45].map((horizon) => {
      made.learnHorizon(pair.horizonInput(horizon));
      return arena.usedBytes();
    });
    expect(used[0]).toBeGreaterThan(before);
    expect(used).toEqual([used[0], used[0], used[0]]);
    made.release();
    expect(arena.usedBytes()).toBe(before);
  });

  it('tells of progress that never goes back, and stops when asked to', () => {
    const { learner: made, arena } = learner('quick', FEW_TREES, 2);
    const fractions = new Map<string, number[]>();
    const hooks = {
      onProgress: (stage: string, fraction: number) => {
        fractions.set(stage, [...(fractions.get(stage) ?? []), fraction]);
      },
    };
    made.learnHorizon(pair.horizonInput(30), hooks);
    for (const stage of ['select', 'model']) {
      const seen = fractions.get(stage)!;
      expect(seen.length, stage).toBeGreaterThan(5);
      expect(seen, stage).toEqual(seen.toSorted((a, b) => a - b));
      expect(seen.at(-1), stage).toBe(1);
    }
    const used = arena.usedBytes();
    for (const stage of ['select', 'model', 'explain']) {
      let stop = false;
      const stopping = {
        onStage: (name: string) => {
          stop ||= name === stage;
        },
        isCancelled: () => stop,
      };
      expect(() => made.learnHorizon(pair.horizonInput(30), stopping)).toThrow(CancelledError);
      expect(arena.usedBytes()).toBe(used);
    }
  });
});
