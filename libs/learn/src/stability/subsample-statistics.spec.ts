import { describe, expect, it } from 'vitest';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { binned } from '../testing/binned.js';
import { createStabilityContext } from './create-stability-context.js';
import { CONTRASTS, contrastPitch } from './curvature-contrasts.js';
import { plantedData } from './planted.fixture.js';
import { SubsampleReader } from './subsample-statistics.js';
import { allocateTargetBins, sumTarget } from './target-bins.js';

const ROWS = 1500;
const data = plantedData({ rows: ROWS, columns: 12, planted: 2, curved: true, share: 0.3, seed: 41n });
// Column 4 trends, so that its contrasts are not orthogonal in half of the time; 5 has two values, 6 many missing.
data.values[4] = data.values[4]!.map((value, row) => value + row / 300);
data.values[5] = data.values[5]!.map((value) => (value > 0.3 ? 1 : 0));
data.values[6] = data.values[6]!.map((value, row) => (row % 5 === 0 ? Number.NaN : value));
// An odd number of bins: not whole vectors.
const matrix = binned(data.values, 31);
const candidates = data.values.map((_, column) => column);
const context = createStabilityContext({
  matrix,
  candidates,
  rows: ROWS,
  bar: data.bar,
  purgeBars: 60,
  blocks: 6,
  pairs: 5,
});
const scope = new ArenaScope(new Arena(matrix.memory));
const target = sumTarget(context, allocateTargetBins(context, scope), data.allRows, data.target);
const membership = Uint8Array.of(1, 0, 1, 1, 0, 0);
const sides = new SubsampleReader(context, scope).read(target, membership);
const mean = data.target.reduce((sum, y) => sum + y, 0) / ROWS;

/** The subsample's target and the regressors of a column, row by row. */
function rowsOf(side: number, position: number): { y: number[]; regressors: number[][]; bins: number[] } {
  const pitch = contrastPitch(matrix.bins);
  const table = new Arena(matrix.memory).f32(
    context.contrasts + position * CONTRASTS * pitch * 4,
    CONTRASTS * pitch,
  );
  const bins = matrix.readColumn(context.columns[position]!);
  const rows = context.blocks.flatMap(({ begin, end }, block) =>
    membership[block] === 1 - side ? Array.from({ length: end - begin }, (_, k) => begin + k) : [],
  );
  return {
    y: rows.map((row) => data.target[row]! - mean),
    bins: rows.map((row) => bins[row]!),
    regressors: Array.from({ length: CONTRASTS }, (_, k) =>
      rows.map((row) => table[k * pitch + bins[row]!]!),
    ),
  };
}

const dot = (a: number[], b: number[]) => a.reduce((sum, value, k) => sum + value * b[k]!, 0);
const less = (a: number[], share: number, b: number[]) => a.map((value, k) => value - share * b[k]!);

/** Squares of y that regressors explain, each beyond those before it and the mean; nothing for those that are not new. */
function explainedInTurn({ y, regressors }: { y: number[]; regressors: number[][] }): (number | undefined)[] {
  const known = [y.map(() => 1)];
  return regressors.map((regressor) => {
    const left = [...known, ...known].reduce(
      (from, one) => less(from, dot(from, one) / dot(one, one), one),
      regressor,
    );
    if (dot(left, left) < 1e-3 * y.length) return undefined;
    known.push(left);
    return dot(y, left) ** 2 / dot(left, left);
  });
}

describe('SubsampleReader', () => {
  it.each([0, 1])('gives what least squares row by row gives, in side %d', (side) => {
    const of = sides[side]!;
    for (const position of context.columns.keys()) {
      const rows = rowsOf(side, position);
      const [line, ...curved] = explainedInTurn(rows);
      const used = curved.filter((square) => square !== undefined);
      expect(of.moments.rows).toBe(rows.y.length);
      expect(of.inner[position]!).toBeCloseTo(dot(rows.y, rows.regressors[0]!), 2);
      expect(of.total[position]!).toBeCloseTo(
        rows.regressors[0]!.reduce((sum, x) => sum + x, 0),
        2,
      );
      expect(of.line[position]!).toBeCloseTo(line!, 3);
      expect(of.contrasts[position]).toBe(used.length);
      expect(of.curved[position]!).toBeCloseTo(
        used.reduce((sum, square) => sum + square, 0),
        3,
      );
      expect(of.bins[position]).toBe(new Set(rows.bins).size);
    }
    const contrasts = (column: number) => of.contrasts[context.columns.indexOf(column)];
    expect([0, 5, 6].map(contrasts)).toEqual([3, 0, 4]);
  });

  it('gives sums over bins for the one-way F', () => {
    const { y, bins } = rowsOf(0, 3);
    const sums = new Map<number, number[]>();
    bins.forEach((bin, k) => {
      sums.set(bin, [...(sums.get(bin) ?? []), y[k]!]);
    });
    const squares = [...sums.values()].map(
      (own) => own.reduce((sum, value) => sum + value, 0) ** 2 / own.length,
    );
    expect(sides[0].binSquares[3]!).toBeCloseTo(
      squares.reduce((sum, value) => sum + value, 0),
      3,
    );
  });
});
