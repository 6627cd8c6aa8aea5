import { describe, expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { benjaminiYekutieli, holm, scoringCharge } from './adjusted-p-values.js';

const P = [0.01, 0.04, 0.03, 0.005, Number.NaN];
const digits = (values: readonly number[]) => values.map((value) => Number(value.toFixed(10)));

describe('holm', () => {
  it('multiplies the least by all tests, the next by one less, and never falls', () => {
    // R 4.3: p.adjust(c(0.01, 0.04, 0.03, 0.005, 1), "holm")
    expect(digits(holm(P))).toEqual([0.04, 0.09, 0.09, 0.025, 1]);
  });

  it('counts tests that are still to come', () => {
    expect(digits(holm([0.001, 0.2], 196))).toEqual([0.196, 1]);
  });

  it('finds one of 196 without any effect in five runs of a hundred', () => {
    const random = seededRandom(4n);
    let runs = 0;
    for (let run = 0; run < 2000; run++) {
      if (holm(Array.from({ length: 196 }, () => random.next())).some((p) => p <= 0.05)) runs++;
    }
    expect(runs / 2000).toBeGreaterThan(0.037);
    expect(runs / 2000).toBeLessThan(0.063);
  });
});

describe('benjaminiYekutieli', () => {
  it('is the least over those no smaller of family * harmonic sum * p / rank', () => {
    // R 4.3: p.adjust(c(0.01, 0.04, 0.03, 0.005, 1), "BY")
    expect(digits(benjaminiYekutieli(P))).toEqual([
      0.0570833333, 0.1141666667, 0.1141666667, 0.0570833333, 1,
    ]);
  });

  it('does not depend on the order in which results came', () => {
    const p = [0.2, 0.001, 0.04, 0.001];
    expect(benjaminiYekutieli([...p].reverse(), 9).reverse()).toEqual(benjaminiYekutieli(p, 9));
    expect(holm([...p].reverse(), 9).reverse()).toEqual(holm(p, 9));
  });
});

describe('scoringCharge', () => {
  it('spends no more than the level over all scorings that may ever come', () => {
    let spent = 0;
    for (let scoring = 1; scoring <= 1_000_000; scoring++) spent += 1 / scoringCharge(scoring);
    expect(spent).toBeLessThan(1);
    expect(spent).toBeGreaterThan(0.999999);
  });
});
