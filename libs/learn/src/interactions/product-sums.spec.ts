import { describe, expect, it } from 'vitest';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { plantedData } from '../stability/planted.fixture.js';
import { timeBlocks } from '../stability/time-blocks.js';
import { binned } from '../testing/binned.js';
import { callingThread } from '../threads/work-pool.js';
import { createProductSpace, SCORE_UNIT } from './product-space.js';
import { PRODUCTS_OF_BLOCK, SCALES_OF_STRIP, STORED_UNIT, scalePieces } from './product-sums.js';
import { placeTarget, productTarget } from './product-target.js';

const COLUMNS = 11;
const ROWS = 3001;
const data = plantedData({ rows: ROWS, columns: COLUMNS, planted: 3, share: 0.3, seed: 71n });

describe('sums of products with a target', () => {
  const matrix = binned(data.values);
  const arena = new Arena(matrix.memory);
  const blocks = timeBlocks({ bar: data.bar, rows: ROWS, blocks: 4, purgeBars: 35 });
  const columns = data.values.map((_, column) => column);
  const lags = { rows: [1], width: [1] };
  const space = createProductSpace({ matrix, columns, sizes: [], blocks, lags }, new ArenaScope(arena));
  const residual = data.target.map((value, row) => (row % 9 === 4 ? Number.NaN : value));
  const target = productTarget(residual, space);
  placeTarget(target, space, arena);
  const task = { space, rows: target.rows, lagWeights: Float64Array.of(0) };
  callingThread.compute(PRODUCTS_OF_BLOCK, task, [...blocks.keys()], {});
  callingThread.compute(SCALES_OF_STRIP, task, scalePieces(COLUMNS), {});

  const score = (position: number) => {
    const bins = matrix.readColumn(space.columns[position]!);
    const table = arena.i16(space.tables + position * matrix.bins * 2, matrix.bins);
    return (row: number) => table[bins[row]!]! / SCORE_UNIT;
  };
  const pairs = Array.from({ length: COLUMNS }, (_, j) =>
    Array.from({ length: j }, (_, i) => [i, j] as const),
  ).flat();

  it('are those of a plain loop, block by block and for every pair', () => {
    const unit = STORED_UNIT / Math.sqrt(target.rows / blocks.length);
    blocks.forEach(({ begin, end }, block) => {
      for (const [i, j] of pairs) {
        const [a, b] = [score(i), score(j)];
        let sum = 0;
        for (let row = begin; row < end; row++) sum += target.values[row]! * a(row) * b(row);
        const number = (j * (j - 1)) / 2 + i;
        const stored = arena.i16(space.products + 2 * (block * space.pitch + number), 1)[0]!;
        // A unit of the target is 1/256 and a rounded product 1/256: their errors over the rows of a block.
        expect(Math.abs(stored - sum * unit), `${i} ${j} ${block}`).toBeLessThan(4);
      }
    });
  });

  it('have scales of one over the root of the sum of squares', () => {
    const scale = arena.f32(space.scale, space.pitch);
    for (const [i, j] of pairs) {
      const [a, b] = [score(i), score(j)];
      let square = 0;
      for (let row = 0; row < blocks.at(-1)!.end; row++)
        square += (target.values[row]! * a(row) * b(row)) ** 2;
      const expected = Math.sqrt(target.rows / blocks.length) / STORED_UNIT / Math.sqrt(square);
      expect(scale[(j * (j - 1)) / 2 + i]! / expected).toBeCloseTo(1, 1);
    }
  });

  it('cut a target off at three deviations, with mean zero in every block and nothing where it is missing', () => {
    for (const { begin, end } of blocks) {
      const values = target.values.subarray(begin, end);
      expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(0, 9);
      expect(Math.max(...values.map(Math.abs))).toBeLessThan(3.1);
    }
    expect(target.values[4]).toBe(0);
    expect(target.rows).toBe(target.rowsOfBlock.reduce((sum, rows) => sum + rows, 0));
  });
});
