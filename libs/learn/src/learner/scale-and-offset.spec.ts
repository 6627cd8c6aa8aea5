import { expect, it, vi } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { simulatePair } from '../testing/simulated-pair.js';
import type { HorizonOutcome } from './horizon-outcome.js';
import { PairLearner } from './pair-learner.js';

vi.setConfig({ testTimeout: 240_000 });

const config = resolveLearnConfig('quick', {
  'models.leaf.rounds': '15',
  'models.level.rounds': '15',
  'models.symmetric.rounds': '15',
  'models.value.rounds': '15',
});
const pair = simulatePair({ seed: 31n, rows: 2000, spacing: 8, noiseFeatures: 12, effect: 0.25 });

/** What is learned of the pair when every value of every feature is replaced. */
function learn(move: (value: number, feature: number, row: number) => number): HorizonOutcome {
  const features = pair.features.map(({ id, values }, feature) => ({
    id,
    values: Float64Array.from(values, (value, row) => move(value, feature, row)),
  }));
  return new PairLearner(pair.pairInput(config, features), config).learnHorizon(pair.horizonInput(30));
}

const plain = learn((value) => value);
const kept = ({ fates }: HorizonOutcome): string[] => fates.map(({ status, stage }) => `${status} ${stage}`);
const random = seededRandom(5n);
/** Powers of ten and of two at random, a different one for every feature. */
const scales = pair.features.map(() => 10 ** Math.round(580 * random.next() - 290));
const binary = pair.features.map(() => 2 ** Math.round(1800 * random.next() - 900));

it('a planted effect is found to begin with', () => {
  expect(plain.summary.verdict).toBe('SKILL_SUSPECT');
  expect(kept(plain).filter((fate) => fate.startsWith('RETAINED')).length).toBeGreaterThan(0);
});

it('scales by powers of two change nothing but the units of what is shown', () => {
  const scaled = learn((value, feature) => binary[feature]! * value);
  expect(scaled.summary).toEqual(plain.summary);
  expect(scaled.fates).toEqual(plain.fates);
});

it.each<[string, (value: number, feature: number, row: number) => number]>([
  ['any scale', (value, feature) => scales[feature]! * value],
  ['an offset of 1e9', (value) => 1e9 + value],
  ['a negative offset and a tiny scale', (value) => 1e-50 * (value - 1e6)],
  ['a huge scale', (value) => 1e300 * value],
  ['one wild value a feature', (value, feature, row) => (row === 100 + feature ? 1e18 : value)],
])('%s: the same verdict and the same features', (_, move) => {
  const moved = learn(move);
  expect(moved.summary.verdict).toBe(plain.summary.verdict);
  expect(moved.summary.auc).toBeCloseTo(plain.summary.auc, 1);
  expect(moved.summary.skill).toBeCloseTo(plain.summary.skill, 2);
  expect(kept(moved)).toEqual(kept(plain));
});

it('the other way round is the same but for the sign', () => {
  const turned = learn((value) => -value);
  expect(turned.summary.verdict).toBe('SKILL_SUSPECT');
  expect(turned.summary.auc).toBeCloseTo(plain.summary.auc, 1);
});
