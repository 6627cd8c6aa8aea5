import { GROUP_COLUMNS, groupCount, histogramCells } from '../binning/binned-bytes.js';
import type { ArenaScope } from '../kernels/arena-scope.js';
import type { BoosterParams } from './booster-params.js';

/** Addresses of one grower's scratch. Every grower has its own, so growers may run on one memory at once. */
export interface GrowerMemory {
  /** uint32 by row of the tree, ordered by leaf: position in the leaf's block. */
  readonly positions: number;
  /** uint32: index into the training rows. */
  readonly rows: number;
  /** Two int32: quantised hessian, quantised gradient. */
  readonly packed: number;
  /** 16 bytes a row for partitioning. */
  readonly spare: number;
  /** Histogram areas, one a leaf that may still be split. */
  readonly histograms: readonly number[];
  /** Scratch of one tile of gathered rows. */
  readonly tile: number;
  /** Room for compacted leaves. */
  readonly compacted: number;
  readonly compactedBytes: number;
  readonly groups: number;
  readonly slots: number;
  /** int8 by slot. */
  readonly directions: number;
  /** Six f64, see assembly/tree/scores.ts. */
  readonly best: number;
  /** f64 by slot, direction of missing values and bin; only for symmetric growth. */
  readonly symmetricScores: number;
}

/** Sizes that scratch depends on. */
export interface GrowerSize {
  readonly rows: number;
  readonly columns: number;
  readonly bins: number;
}

/** Share of the columns' bins that compacted leaves may take; beyond it growth is slower, not different. */
const COMPACTED_SHARE = 1.5;
/** 1,024 rows of one group, see assembly/tree/histogram.ts. */
const TILE_BYTES = 8 * 1024;

/** Leaves that can hold a histogram at once. */
function openLeaves({ maxLeaves, maxDepth }: BoosterParams): number {
  return maxDepth > 0 && maxDepth < 31 ? Math.min(maxLeaves, 2 ** maxDepth) : maxLeaves;
}

function histogramBytes({ columns, bins }: GrowerSize): number {
  return groupCount(columns) * GROUP_COLUMNS * histogramCells(bins) * 8;
}

function compactedBytes({ rows, columns }: GrowerSize): number {
  return Math.ceil(COMPACTED_SHARE * rows) * groupCount(columns) * GROUP_COLUMNS;
}

function symmetricBytes(size: GrowerSize, params: BoosterParams): number {
  return params.growth === 'symmetric' ? 2 * histogramBytes(size) : 0;
}

/**
 * Bytes of shared memory that training takes beyond the matrix itself, within a percent.
 * @param size training rows and columns used
 * @param gathered whether the columns are fewer than the matrix has (they are copied then)
 */
export function estimateBoosterBytes(
  size: GrowerSize & { matrixRows: number; gathered: boolean },
  params: BoosterParams,
): number {
  const copy = size.gathered ? groupCount(size.columns) * GROUP_COLUMNS * size.matrixRows : 0;
  const trees =
    openLeaves(params) * histogramBytes(size) + symmetricBytes(size, params) + compactedBytes(size);
  return copy + trees + 44 * size.rows + 12 * size.columns + 80 * params.maxLeaves + TILE_BYTES + 4096;
}

export function allocateGrowerMemory(
  scope: ArenaScope,
  size: GrowerSize,
  params: BoosterParams,
): GrowerMemory {
  const { rows, columns } = size;
  const leaves = openLeaves(params);
  const each = histogramBytes(size);
  const pool = scope.allocate(leaves * each, `histograms of ${leaves} leaves x ${columns} columns`);
  const slots = groupCount(columns) * GROUP_COLUMNS;
  return {
    positions: scope.allocate(4 * rows, 'row positions'),
    rows: scope.allocate(4 * rows, 'row numbers'),
    packed: scope.allocate(8 * rows, 'packed gradients'),
    spare: scope.allocate(16 * rows, 'partition scratch'),
    histograms: Array.from({ length: leaves }, (_, i) => pool + i * each),
    tile: scope.allocate(TILE_BYTES, 'gathered rows'),
    compacted: scope.allocate(compactedBytes(size), 'compacted leaves'),
    compactedBytes: compactedBytes(size),
    groups: scope.allocate(4 * groupCount(columns), 'groups'),
    slots: scope.allocate(4 * columns, 'slots'),
    directions: scope.allocate(slots, 'monotone directions'),
    best: scope.allocate(48, 'best split'),
    symmetricScores: scope.allocate(symmetricBytes(size, params), 'symmetric scores'),
  };
}
