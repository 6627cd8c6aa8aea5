import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { loadKernel } from '../kernels/load-kernel.js';
import { type GramKernel, ROW_BYTES } from '../linear/gram-kernel.js';
import { type ProgressHooks, reportProgress } from '../progress-hooks.js';
import { gramScratchBytes, STRIP } from '../stability/stability-bytes.js';
import { standardisedTable } from '../stability/standardised-table.js';

/** Rows of the first look at all pairs; what it finds is checked on all rows. */
const SCREEN_ROWS = 4096;
/** How far below the limit the first look reaches: 20 standard errors of r = 0.95 on 4,096 rows. */
const SCREEN_MARGIN = 0.03;
const FIRST_ROOM = 1 << 20;

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
    const neighbours = screenPairs(input, tables, scope, hooks);
    return chooseRepresentatives(input, tables, neighbours, hooks);
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

/** For every position, the earlier positions whose correlation may exceed the limit. */
function screenPairs(
  { matrix, columns, rows, limit }: NearDuplicatesInput,
  tables: number,
  scope: ArenaScope,
  hooks: ProgressHooks,
): Map<number, number[]> {
  const { arena } = scope;
  const kernel = loadKernel<GramKernel>('gram', matrix.memory);
  const step = Math.max(1, Math.floor(rows / SCREEN_ROWS));
  const taken = Math.floor((rows - 1) / step) + 1;
  const bytes = gramScratchBytes(columns.length);
  const addresses = scope.allocate(columns.length * 4, 'addresses of columns');
  const inverse = scope.allocate(columns.length * 4, 'inverse norms');
  const left = scope.allocate(bytes.left, 'left operand of the Gram matrix');
  const right = scope.allocate(bytes.right, 'right operand of the Gram matrix');
  const sums = scope.allocate(bytes.sums, 'strip of the Gram matrix');
  arena.u32(addresses, columns.length).set(columns.map((column) => matrix.columnAddress(column)));
  const norms = arena.f32(inverse, columns.length);
  columns.forEach((column, j) => {
    const from = matrix.columnAddress(column);
    const table = tables + j * matrix.bins * 2;
    const square = kernel.innerProduct(from, from, table, table, taken, ROW_BYTES * step);
    norms[j] = square > 0 ? 1 / Math.sqrt(square) : 0;
  });
  const found = new PairList(kernel, scope);
  for (let begin = 0; begin < columns.length; begin += STRIP) {
    const end = Math.min(columns.length, begin + STRIP);
    kernel.gramStrip(
      addresses,
      columns.length,
      begin,
      end,
      0,
      taken,
      ROW_BYTES * step,
      tables,
      matrix.bins,
      left,
      right,
      sums,
    );
    found.collect(sums, begin, end, inverse, limit - SCREEN_MARGIN);
    reportProgress(hooks, 0.8 * (end / columns.length) ** 2);
  }
  return found.neighbours;
}

/** Collects close pairs strip by strip, in a room that grows when a strip has more. */
class PairList {
  readonly neighbours = new Map<number, number[]>();
  #room = FIRST_ROOM;
  #address: number;

  constructor(
    readonly kernel: GramKernel,
    readonly scope: ArenaScope,
  ) {
    this.#address = scope.allocate(this.#room * 8, 'close pairs of columns');
  }

  collect(sums: number, begin: number, end: number, inverse: number, limit: number): void {
    let count = this.kernel.collectPairs(sums, begin, end, inverse, limit, this.#address, this.#room);
    if (count > this.#room) {
      this.#room = 2 * count;
      this.#address = this.scope.allocate(this.#room * 8, 'close pairs of columns');
      count = this.kernel.collectPairs(sums, begin, end, inverse, limit, this.#address, this.#room);
    }
    const pairs = this.scope.arena.u32(this.#address, 2 * count);
    for (let index = 0; index < count; index++) {
      const later = pairs[2 * index + 1]!;
      const list = this.neighbours.get(later);
      if (list) list.push(pairs[2 * index]!);
      else this.neighbours.set(later, [pairs[2 * index]!]);
    }
  }
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
    if (j % 256 === 0) reportProgress(hooks, 0.8 + (0.2 * j) / columns.length);
  });
  reportProgress(hooks, 1);
  return duplicates;
}
