import { expect, it, vi } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { PairLearner } from '../learner/pair-learner.js';
import { simulatePair } from '../testing/simulated-pair.js';

// A horizon takes a second alone, many on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const planted = simulatePair({ seed: 22n, rows: 4000, spacing: 8, noiseFeatures: 30, effect: 0.2 });

it.each([
  ['rolling', 3, 3, 1],
  ['combinatorial', 4, 6, 3],
])('learns with %s folds and says so', (scheme, wanted, folds, paths) => {
  const rounds = ['leaf', 'level', 'symmetric', 'value'].map((name) => [`models.${name}.rounds`, '15']);
  const overrides = { 'protocol.scheme': scheme, 'protocol.folds': String(wanted) };
  const settings = resolveLearnConfig('quick', { ...Object.fromEntries(rounds), ...overrides });
  const learner = new PairLearner(planted.pairInput(settings), settings);
  const { document, summary } = learner.learnHorizon(planted.horizonInput(30));
  expect(summary.verdict).toBe('SKILL_SUSPECT');
  expect(document.outOfFold).toMatchObject({ scheme, folds });
  const scores = document.outOfFold.paths.map(({ auc }) => auc!);
  expect(scores).toHaveLength(paths);
  expect(Math.min(...scores)).toBeGreaterThan(0.6);
  expect(new Set(scores).size).toBe(paths);
  const { outOfFold: rows, outOfFoldScored: scored } = document.rows;
  expect(scored === rows).toBe(scheme === 'combinatorial');
  expect(document.outOfFold.rows).toBe(scored);
  // Part by part of time: together they are all rows that were scored, and the models do more than what is known.
  const { byFold } = document.outOfFold;
  expect(byFold.map(({ fold }) => fold)).toEqual(scheme === 'combinatorial' ? [1, 2, 3, 4] : [2, 3]);
  expect(byFold.reduce((sum, part) => sum + part.rows, 0)).toBe(scored);
  const mean = byFold.reduce((sum, part) => sum + part.rows * part.logLoss!, 0) / scored;
  expect(mean).toBeCloseTo(document.outOfFold.paths[0]!.logLoss!, 9);
  for (const [k, part] of byFold.entries()) {
    expect(part.logLoss).toBeLessThan(part.known.logLoss!);
    expect(part.from).toBeGreaterThan(byFold[k - 1]?.to ?? 0);
  }
});
