import { describe, expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { fitStack, stackLogOdds } from './stack-log-odds.js';

function sample(rows: number) {
  const random = seededRandom(5n);
  const draw = () => Float64Array.from({ length: rows }, () => random.normal());
  const [base, useful, useless] = [draw(), draw(), draw()];
  const label = base.map((b, row) => (random.next() < sigmoid(b + 0.6 * useful[row]!) ? 1 : 0));
  return { base, added: [useful, useless], label };
}

describe('fitStack', () => {
  it('finds the weights of the truth', () => {
    const { base, added, label } = sample(30_000);
    const stack = fitStack({ base, added, label, priorRows: 10 });
    expect(stack.baseWeight).toBeCloseTo(1, 1);
    expect(stack.weights[0]).toBeCloseTo(0.6, 1);
    expect(stack.weights[1]).toBeLessThan(0.05);
    expect(stack.intercept).toBeCloseTo(0, 1);
  });

  it('gives no weight below zero to a model that is wrong', () => {
    const { base, added, label } = sample(5000);
    const wrong = added[0]!.map((value) => -value);
    const stack = fitStack({ base, added: [wrong, added[1]!], label, priorRows: 10 });
    expect(stack.weights[0]).toBe(0);
    expect(Math.min(...stack.weights)).toBeGreaterThanOrEqual(0);
  });

  it('does not amplify a model that adds next to nothing', () => {
    const { base, added, label } = sample(5000);
    const stack = fitStack({ base, added: [added[0]!.map((value) => value / 1000)], label, priorRows: 10 });
    expect(stack.weights[0]).toBeLessThanOrEqual(1);
  });

  it('is the optimum: no small change of a weight lowers the objective', () => {
    const { base, added, label } = sample(2000);
    const stack = fitStack({ base, added, label, priorRows: 0 });
    const loss = (candidate: typeof stack) =>
      stackLogOdds(candidate, base, added).reduce(
        (sum, x, row) => sum - Math.log(sigmoid(label[row]! > 0.5 ? x : -x)),
        0,
      );
    const best = loss(stack);
    for (const step of [-0.01, 0.01]) {
      expect(loss({ ...stack, baseWeight: stack.baseWeight + step })).toBeGreaterThan(best);
      expect(loss({ ...stack, intercept: stack.intercept + step })).toBeGreaterThan(best);
      const weights = [Math.max(0, stack.weights[0]! + step), stack.weights[1]!];
      expect(loss({ ...stack, weights })).toBeGreaterThan(best);
    }
  });

  it('stays at the base alone when the prior outweighs the rows', () => {
    const { base, added, label } = sample(200);
    const stack = fitStack({ base, added, label, priorRows: 1e6 });
    expect(stack.baseWeight).toBeCloseTo(1, 2);
    expect(stack.weights[0]).toBeCloseTo(0, 2);
  });

  it('works without any model', () => {
    const { base, label } = sample(500);
    expect(fitStack({ base, added: [], label, priorRows: 1 }).weights).toEqual([]);
  });
});
