import { describe, expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { digamma, moderatedVariances, trigamma } from './moderated-variances.js';

describe('digamma and trigamma', () => {
  // scipy 1.17.1: special.digamma, special.polygamma(1, .)
  it.each([
    [0.05, -20.49784499129987, 401.53235734],
    [0.5, -1.9635100260214235, 4.9348022],
    [1, -0.5772156649015329, 1.64493407],
    [2.5, 0.7031566406452432, 0.49035776],
    [8, 2.0156414779556098, 0.13313701],
    [40, 3.6763273740348428, 0.0253151],
  ])('are those of scipy at %d', (x, first, second) => {
    expect(digamma(x)).toBeCloseTo(first, 11);
    expect(trigamma(x) / second).toBeCloseTo(1, 6);
  });
});

describe('moderatedVariances', () => {
  // By the same formulas with scipy's digamma and trigamma.
  it.each([
    [8, [0.79025902, 1.34173651, 2.27805925, 3.86778915, 6.56690248]],
    [30, [0.55996658, 1.07625377, 2.06855588, 3.97575698, 7.64139066]],
  ])(
    'draws estimates with %d degrees of freedom together by as much as they vary by chance',
    (degrees, expected) => {
      const moderated = moderatedVariances(Float64Array.of(0.5, 1, 2, 4, 8), degrees);
      expect([...moderated]).toEqual(expected.map((variance) => expect.closeTo(variance, 6)));
    },
  );

  it('makes those that vary no more than chance the same', () => {
    expect([...moderatedVariances(Float64Array.of(0.9, 1, 1.1, 1.2), 8)]).toEqual(
      Array(4).fill(expect.closeTo(1.1891568159153414, 10)),
    );
  });

  it('leaves variances that cannot be, and the only one, as they are', () => {
    expect([...moderatedVariances(Float64Array.of(0, Number.NaN, 3), 8)]).toEqual([0, Number.NaN, 3]);
    expect(moderatedVariances(Float64Array.of(0, 1, 4), 8)[0]).toBe(0);
  });

  it('comes closer to the truth than the estimates, whether the variances are the same or not', () => {
    const random = seededRandom(4n);
    for (const spread of [0, 1]) {
      const truth = Float64Array.from({ length: 300 }, () => Math.exp(spread * random.normal()));
      const estimate = truth.map((variance) => {
        let square = 0;
        for (let k = 0; k < 8; k++) square += random.normal() ** 2 / 8;
        return variance * square;
      });
      const error = (values: Float64Array) =>
        values.reduce((sum, value, k) => sum + Math.log(value / truth[k]!) ** 2, 0);
      expect(error(moderatedVariances(estimate, 8))).toBeLessThan(
        (spread === 0 ? 0.1 : 0.95) * error(estimate),
      );
    }
  });
});
