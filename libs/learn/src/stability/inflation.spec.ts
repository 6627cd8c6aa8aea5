import { describe, expect, it } from 'vitest';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { binned } from '../testing/binned.js';
import { createStabilityContext } from './create-stability-context.js';
import { estimateInflation } from './inflation.js';
import { stabilitySelection } from './stability-selection.js';
import { allocateTargetBins, sumTarget } from './target-bins.js';

const ROWS = 6000;
const WINDOW = 20;
/** Persistence of columns from row to row; column c has the one at c modulo 4. */
const SPEEDS = [0, 0.8, 0.97, 0.999];

/** Autoregressive columns and a target that is a sum over the last 20 rows of noise: all independent. */
function overlapping(columns: number, seed: bigint) {
  const random = seededRandom(seed);
  const values = Array.from({ length: columns }, (_, column) => {
    const keep = SPEEDS[column % SPEEDS.length]!;
    let value = random.normal();
    return Float32Array.from({ length: ROWS }, () => {
      value = keep * value + Math.sqrt(1 - keep * keep) * random.normal();
      return value;
    });
  });
  const noise = Float64Array.from({ length: ROWS + WINDOW }, () => random.normal());
  const target = new Float64Array(ROWS);
  for (let row = 0; row < ROWS; row++) {
    for (let back = 0; back < WINDOW; back++) target[row]! += noise[row + back]!;
  }
  const bar = Int32Array.from({ length: ROWS }, (_, row) => row);
  const rows = Uint32Array.from({ length: ROWS }, (_, row) => row);
  const candidates = values.map((_, column) => column);
  const matrix = binned(values, 32);
  const context = createStabilityContext({ matrix, candidates, rows: ROWS, bar, purgeBars: 40, pairs: 40 });
  return { context, target, bar, rows };
}

describe('estimateInflation', () => {
  it('finds the linear effect that theory gives for autoregressive columns and an overlapping target', () => {
    const { context, target, bar, rows } = overlapping(80, 5n);
    const scope = new ArenaScope(new Arena(context.matrix.memory));
    const room = allocateTargetBins(context, scope);
    const bins = sumTarget(context, room, rows, target);
    const inflation = estimateInflation({ context, room, bins, rows, target, bar }, seededRandom(1n));
    scope.release();
    const mean = (factors: Float64Array, speed: number) => {
      const of = factors.filter((_, j) => context.columns[j]! % SPEEDS.length === speed);
      return of.reduce((sum, factor) => sum + factor, 0) / of.length;
    };
    SPEEDS.slice(0, 3).forEach((keep, speed) => {
      let theory = 1;
      for (let lag = 1; lag < WINDOW; lag++) theory += 2 * keep ** lag * (1 - lag / WINDOW);
      expect(Math.abs(mean(inflation.linear, speed) / theory - 1)).toBeLessThan(0.25);
    });
    expect(mean(inflation.curved, 0)).toBeLessThan(1.2);
    expect(mean(inflation.curved, 2)).toBeGreaterThan(mean(inflation.curved, 1));
    expect(mean(inflation.curved, 2)).toBeLessThan(mean(inflation.linear, 2));
    expect(mean(inflation.binned, 0)).toBeLessThan(1.1);
    expect(mean(inflation.binned, 3)).toBeGreaterThan(mean(inflation.binned, 2));
    expect(mean(inflation.binned, 2)).toBeGreaterThan(mean(inflation.binned, 1));
  });
});

describe('stabilitySelection on a target that overlaps in time', () => {
  it('selects by chance fewer than the bound on average, and not slow features rather than fast ones', () => {
    const outcomes = [1n, 2n, 3n, 4n].map((seed) => {
      const { context, ...data } = overlapping(60, 40n + seed);
      return stabilitySelection(context, { ...data, seed, threshold: 0.6, maxFalse: 1, shadows: 0 });
    });
    const mean = outcomes.reduce((sum, { selected }) => sum + selected.length, 0) / outcomes.length;
    expect(mean).toBeLessThanOrEqual(outcomes[0]!.expectedFalseSelections.unimodal);
    expect(outcomes[0]!.inflation.get('elastic-net')!.largest).toBeGreaterThan(10);
  });
});
