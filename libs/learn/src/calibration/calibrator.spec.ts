import { describe, expect, it } from 'vitest';
import { LearnInputError } from '../errors/learn-input-error.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { fitCalibrator } from './fit-calibrator.js';
import { isotonicSteps } from './isotonic.js';
import { fitPlatt } from './platt.js';
import { fitVennAbers, groupScores, vennAbersInterval } from './venn-abers.js';

const f = (...values: number[]) => Float64Array.from(values);

/** Scores whose true log-odds are slope * score + intercept. */
function sample(rows: number, slope: number, intercept: number, seed = 3n) {
  const random = seededRandom(seed);
  const score = Float64Array.from({ length: rows }, () => 2 * random.normal());
  const label = score.map((x) => (random.next() < sigmoid(slope * x + intercept) ? 1 : 0));
  return { score, label };
}

describe('Platt scaling', () => {
  it('recovers slope and intercept of overconfident scores', () => {
    const { score, label } = sample(40_000, 0.5, -0.3);
    const { linear } = fitPlatt(score, label, 0);
    expect(linear!.slope).toBeCloseTo(0.5, 1);
    expect(linear!.intercept).toBeCloseTo(-0.3, 1);
  });

  it('is the maximum of the likelihood: its gradient vanishes', () => {
    const { score, label } = sample(500, 0.7, 0.2);
    const calibrated = fitPlatt(score, label, 0).calibrate(score);
    const residual = label.map((y, row) => y - calibrated[row]!);
    expect(residual.reduce((sum, r) => sum + r, 0)).toBeCloseTo(0, 4);
    expect(residual.reduce((sum, r, row) => sum + r * score[row]!, 0)).toBeCloseTo(0, 4);
  });

  it('stays near the identity when the prior outweighs the rows', () => {
    const { score, label } = sample(100, 0.3, 0.5);
    const { slope, intercept } = fitPlatt(score, label, 1e5).linear!;
    expect(slope).toBeCloseTo(1, 1);
    expect(intercept).toBeCloseTo(0, 2);
  });

  it('does not turn scores around', () => {
    const { score, label } = sample(2000, -1, 0);
    expect(fitPlatt(score, label, 0).linear!.slope).toBe(0);
  });

  it('is finite for perfectly separable scores', () => {
    const probability = fitPlatt(f(-2, -1, 1, 2), f(0, 0, 1, 1), 10).calibrate(f(-2, 2));
    expect(probability[0]).toBeLessThan(0.5);
    expect(probability[1]).toBeGreaterThan(0.5);
  });
});

describe('isotonic calibration', () => {
  it('pools adjacent violators', () => {
    const { from, value } = isotonicSteps(f(1, 2, 3, 4, 5), f(0, 1, 0, 1, 1));
    expect([...from]).toEqual([1, 2, 4]);
    expect([...value]).toEqual([0, 0.5, 1]);
  });

  it('takes equal scores as one point, in any order of rows', () => {
    const { from, value } = isotonicSteps(f(2, 1, 2, 1), f(1, 0, 0, 1));
    expect([...from]).toEqual([1]);
    expect([...value]).toEqual([0.5]);
  });
});

describe('Venn-Abers calibration', () => {
  it('gives the isotonic fits with the row added as down and as up', () => {
    const score = f(1, 2, 3, 4);
    const label = f(0, 1, 0, 1);
    const groups = groupScores(score, label, 256);
    for (let group = 0; group < 4; group++) {
      const refit = (extra: number) => {
        const steps = isotonicSteps(f(...score, score[group]!), f(...label, extra));
        const position = steps.from.findLastIndex((start) => start <= score[group]!);
        return steps.value[position]!;
      };
      const { p0, p1 } = vennAbersInterval(groups, group);
      expect(p0).toBeCloseTo(refit(0), 14);
      expect(p1).toBeCloseTo(refit(1), 14);
    }
  });

  it('never says 0 or 1 and groups many scores', () => {
    const { score, label } = sample(5000, 3, 0);
    const probability = fitVennAbers(score, label).calibrate(f(-100, 0, 100));
    expect(probability[0]).toBeGreaterThan(0);
    expect(probability[1]).toBeCloseTo(0.5, 0);
    expect(probability[2]).toBeLessThan(1);
    expect(groupScores(score, label, 256).from.length).toBeLessThanOrEqual(257);
  });
});

describe('fitCalibrator', () => {
  it.each(['platt', 'isotonic', 'venn-abers'] as const)(
    '%s improves overconfident scores of other rows',
    (method) => {
      const fit = sample(4000, 0.4, 0.3, 1n);
      const test = sample(4000, 0.4, 0.3, 2n);
      const calibrator = fitCalibrator({ method, logOdds: fit.score, label: fit.label, priorRows: 10 });
      const brier = (probability: Float64Array) =>
        probability.reduce((sum, p, row) => sum + (p - test.label[row]!) ** 2, 0) / 4000;
      expect(brier(calibrator.calibrate(test.score))).toBeLessThan(brier(test.score.map(sigmoid)) - 0.005);
    },
  );

  it('needs rows', () => {
    expect(() => fitCalibrator({ method: 'platt', logOdds: f(), label: f(), priorRows: 1 })).toThrow(
      LearnInputError,
    );
  });
});
