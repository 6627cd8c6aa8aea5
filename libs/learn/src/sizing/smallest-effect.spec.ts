import { describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { effectiveRows, smallestEffect } from './smallest-effect.js';

const all = (rows: number) => Uint32Array.from({ length: rows }, (_, row) => row);
const every = (rows: number, spacing: number) => Int32Array.from({ length: rows }, (_, row) => spacing * row);

describe('effectiveRows', () => {
  it.each([
    [15, 4],
    [60, 4],
    [60, 25],
  ])(
    'is what the mean sign of the unknown part varies by, at h%d with %d bars between rows',
    (horizon, spacing) => {
      const geometry = { horizon, targetWindow: 45 };
      const span = Math.min(horizon, 45);
      const rows = 400;
      const bar = every(rows, spacing);
      let squares = 0;
      const trials = 400;
      for (let trial = 0; trial < trials; trial++) {
        const random = seededRandom(BigInt(trial));
        const price = new Float64Array(rows * spacing + span + 1);
        for (let k = 1; k < price.length; k++) price[k] = price[k - 1]! + random.normal();
        const mean = bar.reduce((sum, at) => sum + Math.sign(price[at + span]! - price[at]!), 0) / rows;
        squares += mean * mean;
      }
      const ratio = (effectiveRows(all(rows), bar, geometry) * squares) / trials;
      expect(ratio).toBeGreaterThan(0.8);
      expect(ratio).toBeLessThan(1.2);
    },
  );
});

describe('smallestEffect', () => {
  const config = resolveLearnConfig('standard');
  const task = { horizons: [15, 45], targetWindow: 45, columns: 400, config };
  const of = (rows: number, spacing: number, horizon: number) =>
    smallestEffect({ bar: every(rows, spacing), usable: all(rows) }, horizon, task);

  it('is smaller with more rows, and with rows further apart', () => {
    const few = of(20_000, 20, 45);
    expect(of(80_000, 20, 45).auc).toBeLessThan(few.auc);
    expect(of(20_000, 80, 45).gain).toBeLessThan(few.gain);
    // 4,000 scored rows, 20 bars apart: labels of 45 bars make 2,640 of them. delta = 2.342 + 0.843.
    expect(few.gain).toBeCloseTo(0.0097, 3);
    expect(few.auc).toBeGreaterThan(0.5);
    expect(few.auc).toBeLessThan(0.6);
  });

  it('needs more of an opinion where much is known already', () => {
    expect(of(80_000, 25, 15).auc).toBeGreaterThan(of(80_000, 25, 45).auc);
  });

  it('refuses what cannot be learned', () => {
    expect(() => of(100, 20, 45)).toThrow(LearnInputError);
  });
});
