import type { RowBlock } from '../stability/time-blocks.js';
import { takeAdditivePart } from './additive-residual.js';
import { LEVELS } from './value-levels.js';

const CELLS = LEVELS * LEVELS;

/** Pairs of blocks, each once: (0, 1), (0, 2), (1, 2), (0, 3) ...; block b < c is at c (c - 1) / 2 + b. */
export function blockPairs(blocks: number): number {
  return (blocks * (blocks - 1)) / 2;
}

export interface AgreementInput {
  /** Level of each row, by row number. */
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  readonly blocks: readonly RowBlock[];
  /** By row number; NaN where a row does not count, the same rows in all of them. At least one. */
  readonly targets: readonly Float64Array[];
}

/**
 * How well blocks of time agree on the interaction of two features in a target. Each block's table of the
 * target by both features' levels is freed of its own additive part; the agreement of two blocks is the sum
 * over cells of the product of what is left, by the rows of the cell in all blocks. Without interaction its
 * mean is zero however much the target depends on itself within a block, since blocks are purged from each
 * other; with one it is the share of the target's square that the surface explains in either block when it
 * was learned in the other.
 *
 * @returns one array of {@link blockPairs} a target
 */
export function blockAgreement({ first, second, blocks, targets }: AgreementInput): Float64Array[] {
  const counts = blocks.map(() => new Float64Array(CELLS));
  const sums = targets.map(() => blocks.map(() => new Float64Array(CELLS)));
  blocks.forEach(({ begin, end }, block) => {
    const own = counts[block]!;
    const cells = new Uint8Array(end - begin);
    for (let k = 0; k < cells.length; k++) cells[k] = first[begin + k]! * LEVELS + second[begin + k]!;
    const present = targets[0]!;
    for (let k = 0; k < cells.length; k++) if (!Number.isNaN(present[begin + k]!)) own[cells[k]!]! += 1;
    targets.forEach((target, t) => {
      const into = sums[t]![block]!;
      for (let k = 0; k < cells.length; k++) {
        const value = target[begin + k]!;
        if (!Number.isNaN(value)) into[cells[k]!]! += value;
      }
      takeAdditivePart(into, own);
    });
  });
  const weight = cellWeights(counts);
  return sums.map((tables) => agreements(tables, weight));
}

/** One over the rows of each cell; 0 for a cell without rows. */
function cellWeights(counts: readonly Float64Array[]): Float64Array {
  const total = new Float64Array(CELLS);
  for (const own of counts) {
    for (let cell = 0; cell < CELLS; cell++) total[cell]! += own[cell]!;
  }
  return total.map((rows) => (rows > 0 ? 1 / rows : 0));
}

function agreements(tables: readonly Float64Array[], weight: Float64Array): Float64Array {
  const result = new Float64Array(blockPairs(tables.length));
  let at = 0;
  for (let c = 1; c < tables.length; c++) {
    for (let b = 0; b < c; b++) {
      let sum = 0;
      for (let cell = 0; cell < CELLS; cell++) sum += tables[b]![cell]! * tables[c]![cell]! * weight[cell]!;
      result[at++] = sum;
    }
  }
  return result;
}
