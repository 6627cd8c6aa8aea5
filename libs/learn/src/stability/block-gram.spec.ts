import { describe, expect, it } from 'vitest';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { binned } from '../testing/binned.js';
import { coordinateDescent } from './coordinate-descent.fixture.js';
import { createStabilityContext, releaseStabilityContext } from './create-stability-context.js';
import { DEFAULT_PATH } from './entry-path.js';
import { EntryRoom } from './entry-room.js';
import { plantedData } from './planted.fixture.js';
import { allocateTargetBins, sumTarget } from './target-bins.js';

const data = plantedData({ rows: 5300, columns: 533, planted: 12, share: 0.3, seed: 21n });
// A column that is constant in the first half of the time, and one that trends.
data.values[40] = data.values[40]!.map((value, row) => (row < 2700 ? 1 : value));
data.values[41] = data.values[41]!.map((value, row) => value + row / 700);
const matrix = binned(data.values, 32);
const context = createStabilityContext({
  matrix,
  candidates: data.values.map((_, column) => column),
  rows: 5300,
  bar: data.bar,
  // Blocks of 1,321 rows: an odd last row in the packed chunks.
  purgeBars: 43,
  blocks: 4,
  pairs: 3,
});
const chosen = [0, 1];

/** Representatives of a column over the rows of the chosen blocks, missing rows at the column's mean. */
function standardised(column: number): Float64Array {
  const bins = matrix.readColumn(column);
  const representatives = matrix.representatives(column);
  const value = (row: number) => (bins[row] === 0 ? Number.NaN : representatives[bins[row]!]!);
  const inBlocks = (blocks: readonly number[]) =>
    blocks.flatMap((block) => {
      const { begin, end } = context.blocks[block]!;
      return Array.from({ length: end - begin }, (_, index) => value(begin + index));
    });
  const present = inBlocks([0, 1, 2, 3]).filter((x) => !Number.isNaN(x));
  const mean = present.reduce((sum, x) => sum + x, 0) / present.length;
  return centredUnit(Float64Array.from(inBlocks(chosen), (x) => (Number.isNaN(x) ? mean : x)));
}

function centredUnit(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  return values.map((x) => (deviation > 1e-9 ? (x - mean) / deviation : 0));
}

function correlation(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, row) => sum + x * b[row]!, 0) / a.length;
}

describe('block Gram matrices', () => {
  const scope = new ArenaScope(new Arena(matrix.memory));
  const room = new EntryRoom(context, 30, scope);
  const bins = sumTarget(context, allocateTargetBins(context, scope), data.allRows, data.target);
  const columns = data.values.map((_, column) => standardised(column));
  const y = Float64Array.from(
    chosen.flatMap((block) => {
      const { begin, end } = context.blocks[block]!;
      return Array.from(data.target.subarray(begin, end));
    }),
  );
  const moments = chosen.map((block) => bins.moments[block]!);
  const yMean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const all = data.target.reduce((sum, value) => sum + value, 0) / data.target.length;
  // Inner products as the context defines them: columns standardised over all blocks, target less its mean.
  const total = moments.reduce((sum, part) => sum + part.sum, 0);
  const square = moments.reduce((sum, part) => sum + part.square, 0);
  const subsample = {
    blocks: chosen,
    rows: y.length,
    sum: total,
    square,
    total: new Float64Array(533),
    innerProduct: new Float64Array(533),
  };

  it('adds up to the correlations of the subsample computed naively in float64', () => {
    for (const position of [0, 3, 40, 41, 512, 520, 532]) {
      const row = room.correlationColumn(subsample, position);
      const mine = columns[context.columns[position]!]!;
      for (let other = 0; other < 533; other++) {
        const expected = correlation(mine, columns[context.columns[other]!]!);
        expect(Math.abs(row[other]! - expected)).toBeLessThan(4e-4);
      }
    }
  });

  it('gives zero for a column that is constant in the subsample', () => {
    const position = context.columns.indexOf(40);
    expect(Math.max(...room.correlationColumn(subsample, position).map(Math.abs))).toBe(0);
  });

  it('lets variables enter the path in the order of a slow reference', () => {
    const unitTarget = centredUnit(y);
    const input = { ...subsample };
    // In units of the context: value = deviation * standardised + mean cancels in the correlation, so the
    // subsample's own standardised columns serve with total 0.
    input.innerProduct = Float64Array.from(context.columns, (column, j) => {
      const { mean, deviation } = unitsInSubsample(j);
      const product = columns[column]!.reduce((sum, x, row) => sum + x * (y[row]! - all), 0);
      return deviation * product + mean * total;
    });
    input.total = Float64Array.from(context.columns, (_, j) => unitsInSubsample(j).mean * y.length);
    expect(Math.abs(total / y.length - (yMean - all))).toBeLessThan(1e-9);
    const found = room.enter(input, new Float64Array(533).fill(1));
    const reference = coordinateDescent({
      columns: Array.from(context.columns, (column) => columns[column]!),
      target: unitTarget,
      path: DEFAULT_PATH,
      limit: 30,
    });
    expect(Array.from(found.order)).toHaveLength(30);
    const same = Array.from(found.order).filter((column, place) => column === reference.order[place]).length;
    expect(same).toBeGreaterThanOrEqual(26);
    expect(new Set(found.order).size).toBe(30);
    const expected = new Map(
      reference.order.map((column, place) => [column, reference.coefficients[place]!]),
    );
    Array.from(found.order).forEach((column, place) => {
      const value = expected.get(column);
      if (value !== undefined && place < 20)
        expect(Math.abs(found.coefficients[place]! - value)).toBeLessThan(0.01);
    });
  });

  function unitsInSubsample(j: number): { mean: number; deviation: number } {
    const arena = new Arena(matrix.memory);
    const norms = arena.f32(context.norms, 4 * context.pitch);
    const totals = arena.f64(context.totals, 4 * context.pitch);
    const sum = chosen.reduce((acc, block) => acc + totals[block * context.pitch + j]!, 0);
    const squares = chosen.reduce((acc, block) => acc + norms[block * context.pitch + j]! ** 2, 0);
    const mean = sum / y.length;
    return { mean, deviation: Math.sqrt(Math.max(0, squares / y.length - mean * mean)) };
  }

  it('gives its memory back', () => {
    scope.release();
    const before = new Arena(matrix.memory).usedBytes();
    releaseStabilityContext(context);
    expect(before - new Arena(matrix.memory).usedBytes()).toBeGreaterThan(4 * 533 * 536 * 2);
  });
});
