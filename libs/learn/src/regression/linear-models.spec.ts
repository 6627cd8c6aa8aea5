import { describe, expect, it } from 'vitest';
import { LearnInputError } from '../errors/learn-input-error.js';
import { choleskySolve } from '../numeric/cholesky-solve.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { standardised, standardisingOf } from './design-columns.js';
import { dot, predictLinear } from './linear-fit.js';
import { fitLogistic } from './logistic-regression.js';
import { fitRidge } from './ridge-regression.js';

const f = (...values: number[]) => Float64Array.from(values);
const count = (rows: number) => Uint32Array.from({ length: rows }, (_, row) => row);

function design(rows: number, columns: number) {
  const random = seededRandom(11n);
  return Array.from({ length: columns }, () => Float64Array.from({ length: rows }, () => random.normal()));
}

describe('choleskySolve', () => {
  it('solves a known system and refuses an indefinite one', () => {
    const x = choleskySolve(f(4, 2, 2, 3), f(10, 9));
    expect(x[0]).toBeCloseTo(1.5, 14);
    expect(x[1]).toBeCloseTo(2, 14);
    expect(() => choleskySolve(f(1, 2, 2, 1), f(1, 1))).toThrow(/not positive definite/);
  });
});

describe('standardised', () => {
  const standardise = (value: Float64Array, ...fitRows: number[]) =>
    standardised(value, standardisingOf(value, Uint32Array.from(fitRows)));

  it('uses the fit rows only and puts missing values at the mean', () => {
    const value = standardise(f(1, 3, Number.NaN, 100), 0, 1, 2);
    expect([...value]).toEqual([-1, 1, 0, 98]);
    expect([...standardise(f(5, 5, 7), 0, 1)]).toEqual([0, 0, 0]);
  });
});

describe('dot', () => {
  it('takes every entry, whatever the length', () => {
    for (let length = 0; length < 10; length++) {
      const ones = new Float64Array(length).fill(1);
      expect(dot(ones, ones)).toBe(length);
    }
  });
});

describe('fitRidge', () => {
  it('recovers coefficients, and shrinks them as the penalty says', () => {
    const columns = design(4000, 2);
    const value = columns[0]!.map((x, row) => 1 + 2 * x - columns[1]![row]!);
    const [strong, weak] = fitRidge({ columns, rows: count(4000), value, penalties: [1, 1e-9] });
    expect(weak!.intercept).toBeCloseTo(1, 6);
    expect([...weak!.coefficients].map((c) => Math.round(c * 1e6) / 1e6)).toEqual([2, -1]);
    // Standard normal columns: the penalty of one row a row halves a coefficient.
    expect(strong!.coefficients[0]).toBeCloseTo(1, 1);
    expect(predictLinear(weak!, columns, Uint32Array.of(7))[0]).toBeCloseTo(value[7]!, 6);
  });
});

describe('fitLogistic', () => {
  const rows = 20_000;
  const columns = design(rows, 2);
  const random = seededRandom(12n);
  const offset = Float64Array.from({ length: rows }, () => random.normal());
  const label = offset.map((start, row) =>
    random.next() < sigmoid(start + 0.3 + 0.8 * columns[0]![row]!) ? 1 : 0,
  );

  it('recovers coefficients beyond a given start', () => {
    const [fit] = fitLogistic({ columns, rows: count(rows), label, offset, penalties: [1e-6] });
    expect(fit!.intercept).toBeCloseTo(0.3, 1);
    expect(fit!.coefficients[0]).toBeCloseTo(0.8, 1);
    expect(fit!.coefficients[1]).toBeCloseTo(0, 1);
  });

  it('satisfies the penalised score equations for every penalty of a path', () => {
    const some = count(500);
    const fits = fitLogistic({ columns, rows: some, label, offset, penalties: [1, 0.1, 0.01] });
    [1, 0.1, 0.01].forEach((penalty, k) => {
      const residual = predictLinear(fits[k]!, columns, some, offset).map(
        (x, row) => label[row]! - sigmoid(x),
      );
      expect(residual.reduce((sum, r) => sum + r, 0)).toBeCloseTo(0, 3);
      columns.forEach((column, j) => {
        const score = dot(column.slice(0, 500), residual) - penalty * 500 * fits[k]!.coefficients[j]!;
        expect(score).toBeCloseTo(0, 3);
      });
    });
  });

  it('needs rows', () => {
    expect(() => fitLogistic({ columns, rows: count(0), label, penalties: [1] })).toThrow(LearnInputError);
  });
});
