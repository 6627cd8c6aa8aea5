import { describe, expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { detectableEffect } from './detectable-effect.js';

/** z of the gain of an opinion of so much deviation that is right, on rows with known log-odds. */
function gainZ(seed: bigint, rows: number, deviation: number, known: () => number): number {
  const random = seededRandom(seed);
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < rows; row++) {
    const base = known();
    const logOdds = base + deviation * random.normal();
    const isUp = random.next() < sigmoid(logOdds);
    const signed = (x: number) => Math.log(sigmoid(isUp ? x : -x));
    const gain = signed(logOdds) - signed(base);
    sum += gain;
    squares += gain * gain;
  }
  return sum / Math.sqrt(squares - (sum * sum) / rows);
}

describe('detectableEffect', () => {
  it.each([
    ['nothing', 0],
    ['much', 2],
  ])('is found four times in five where %s is known', (_, spread) => {
    const rows = 3000;
    const random = seededRandom(77n);
    const known = () => spread * random.normal();
    let uncertainty = 0;
    for (let k = 0; k < 20_000; k++) {
      const p = sigmoid(known());
      uncertainty += (p * (1 - p)) / 20_000;
    }
    const { gain, auc } = detectableEffect({ level: 0.01, degrees: 1e6, effectiveRows: rows, uncertainty });
    const deviation = Math.sqrt((2 * gain) / uncertainty);
    expect(auc).toBeGreaterThan(0.5);
    let found = 0;
    for (let trial = 0; trial < 300; trial++) {
      if (gainZ(BigInt(trial), rows, deviation, known) > 2.326) found++;
    }
    expect(found / 300).toBeGreaterThan(0.72);
    expect(found / 300).toBeLessThan(0.88);
  });

  it('is the AUC of that opinion on labels of which nothing is known', () => {
    const { gain, auc } = detectableEffect({
      level: 0.01,
      degrees: 99,
      effectiveRows: 500,
      uncertainty: 0.25,
    });
    // delta = 2.3646 + 0.8453: c = 4 * 3.2099 / sqrt(500) = 0.5742, Phi(0.5742 / sqrt(2)) = 0.6577.
    expect(gain).toBeCloseTo(0.04121, 5);
    expect(auc).toBeCloseTo(0.6576, 3);
  });

  it('is not known without a test', () => {
    const none = { level: 0.01, degrees: Number.NaN, effectiveRows: 100, uncertainty: 0.25 };
    expect(detectableEffect(none).gain).toBeNaN();
  });
});
