import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type ProgressHooks, partOf, reportProgress } from '../progress/progress-hooks.js';
import { type GramKernel, ROW_BYTES } from '../stability/gram-kernel.js';
import { standardisedTable } from '../stability/standardised-table.js';
import type { WorkPool } from '../threads/work-pool.js';
import { screenPairs } from './screen-pairs.js';

/** Share of the work that the first look is; for progress only. */
const SCREEN_PART = 0.8;

export interface NearDuplicatesInput {
  matrix: BinnedMatrix;
  /** Columns in order of preference as representatives. */
  columns: readonly number[];
  /** Rows [0, rows) count. */
  rows: number;
  /** Rows by bin, [column of the matrix][bins]. */
  counts: Int32Array;
  /** |r| above this is a near duplicate. */
  limit: number;
  pool: WorkPool;
}

export interface NearDuplicate {
  column: number;
  representative: number;
  /** Pearson correlation of bin representatives, missing rows at the mean. */
  correlation: number;
}

/**
 * Columns that an earlier column stands for: going through `columns` in order, a column becomes a
 * representative unless its |r| with an earlier representative exceeds the limit; of several such
 * representatives the closest is named. So no two representatives exceed the limit.
 *
 * All pairs are looked at on every n-th row, and those near the limit are measured on all rows.
 */
export function nearDuplicates(input: NearDuplicatesInput, hooks: ProgressHooks = {}): NearDuplicate[] {
  const scope = new ArenaScope(new Arena(input.matrix.memory));
  try {
    const tables = fillTables(input, scope);
    const neighbours = screenPairs(input, tables, scope, partOf(hooks, 0, SCREEN_PART));
    return chooseRepresentatives(input, tables, neighbours, partOf(hooks, SCREEN_PART, 1));
  } finally {
    scope.release();
  }
}

/** Writes the standardised table of every column, and returns the address of the first. */
function fillTables({ matrix, columns, counts }: NearDuplicatesInput, scope: ArenaScope): number {
  const { bins } = matrix;
  const address = scope.allocate(columns.length * bins * 2, 'standardised values of bins');
  const bytes = scope.arena.u8(address, columns.length * bins * 2);
  columns.forEach((column, j) => {
    const table = new Int16Array(bytes.buffer, address + j * bins * 2, bins);
    const own = counts.subarray(column * bins, (column + 1) * bins);
    standardisedTable(matrix.representatives(column), own, table);
  });
  return address;
}

function chooseRepresentatives(
  { matrix, columns, rows, limit }: NearDuplicatesInput,
  tables: number,
  neighbours: Map<number, number[]>,
  hooks: ProgressHooks,
): NearDuplicate[] {
  const kernel = loadKernel<GramKernel>('gram', matrix.memory);
  const inner = (i: number, j: number) =>
    kernel.innerProduct(
      matrix.columnAddress(columns[i]!),
      matrix.columnAddress(columns[j]!),
      tables + i * matrix.bins * 2,
      tables + j * matrix.bins * 2,
      rows,
      ROW_BYTES,
    );
  const squares = new Map<number, number>();
  const square = (i: number) => {
    const known = squares.get(i) ?? inner(i, i);
    squares.set(i, known);
    return known;
  };
  const duplicates: NearDuplicate[] = [];
  const duplicate = new Uint8Array(columns.length);
  columns.forEach((column, j) => {
    let best: NearDuplicate | undefined;
    for (const i of neighbours.get(j) ?? []) {
      if (duplicate[i] === 1) continue;
      const correlation = inner(i, j) / Math.sqrt(square(i) * square(j));
      if (Math.abs(correlation) <= Math.max(limit, Math.abs(best?.correlation ?? 0))) continue;
      best = { column, representative: columns[i]!, correlation };
    }
    if (best) {
      duplicates.push(best);
      duplicate[j] = 1;
    }
    if (j % 256 === 0) reportProgress(hooks, j / columns.length);
  });
  reportProgress(hooks, 1);
  return duplicates;
}
