import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BOOSTER_PARAMS } from './booster-params.js';
import { type ObjectiveFunction, objectiveFunction } from './objective.js';

const OBJECTIVES = ['squared', 'logistic', 'huber', 'quantile'] as const;

function lossAt(objective: ObjectiveFunction, label: number, weight: number, score: number): number {
  const data = { rows: Uint32Array.of(0), label: Float64Array.of(label), weight: undefined };
  return weight * objective.loss(data, Float64Array.of(score));
}

describe('objectiveFunction', () => {
  for (const name of OBJECTIVES) {
    const objective = objectiveFunction({
      ...DEFAULT_BOOSTER_PARAMS,
      objective: name,
      quantile: 0.7,
      huberDelta: 0.8,
    });

    it(`has the slope of its loss as gradient (${name})`, () => {
      const number = fc.double({ min: -4, max: 4, noNaN: true });
      const weight = fc.double({ min: 0.1, max: 3, noNaN: true });
      fc.assert(
        fc.property(number, number, weight, (score, rawLabel, own) => {
          const label = name === 'logistic' ? Math.abs(rawLabel) / 4 : rawLabel;
          const kink = name === 'quantile' ? [0] : [-0.8, 0.8];
          fc.pre(kink.every((at) => Math.abs(score - label - at) > 1e-3));
          const data = {
            rows: Uint32Array.of(0),
            label: Float64Array.of(label),
            weight: Float64Array.of(own),
          };
          const gradient = new Float64Array(1);
          const hessian = new Float64Array(1);
          objective.derivatives(data, Float64Array.of(score), gradient, hessian);
          const step = 1e-5;
          const rise =
            lossAt(objective, label, own, score + step) - lossAt(objective, label, own, score - step);
          expect(gradient[0]).toBeCloseTo(rise / (2 * step), 5);
          expect(hessian[0]).toBeGreaterThan(0);
        }),
      );
    });

    // Huber starts at the median, which is near its best constant but not it.
    const slack = name === 'huber' ? 0.01 : 1e-12;

    it(`starts at the best constant (${name})`, () => {
      const label = Float64Array.of(0.9, 0.1, 0.35, 0.8, 0.2, 0.05, 0.6);
      const weight = Float64Array.of(1, 2, 1, 3, 1, 1, 2);
      const data = { rows: Uint32Array.of(0, 1, 2, 3, 4, 5, 6), label, weight };
      const loss = (score: number) => objective.loss(data, new Float64Array(7).fill(score));
      const start = objective.baseScore(data);
      for (const off of [-0.2, -0.01, 0.01, 0.2]) expect(loss(start)).toBeLessThan(loss(start + off) + slack);
    });
  }

  it('has the curvature of the cross entropy as hessian', () => {
    const objective = objectiveFunction({ ...DEFAULT_BOOSTER_PARAMS, objective: 'logistic' });
    const data = { rows: Uint32Array.of(0), label: Float64Array.of(1), weight: undefined };
    const [gradient, hessian] = [new Float64Array(1), new Float64Array(1)];
    objective.derivatives(data, Float64Array.of(0), gradient, hessian);
    expect([gradient[0], hessian[0]]).toEqual([-0.5, 0.25]);
    expect(objective.loss(data, Float64Array.of(-1000))).toBe(1000);
    expect(objective.baseScore({ ...data, label: Float64Array.of(1) })).toBeLessThan(40);
  });
});
