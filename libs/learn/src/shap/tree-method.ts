import type { Tree } from '../boosting/tree.js';

/** Decisions of some rows of a tree, and where their values go. */
export interface TileOfRows {
  /** Address of bytes by node and row. */
  readonly decisions: number;
  /** Bytes a node; decisions are known up to the next multiple of 16 rows. */
  readonly stride: number;
  readonly count: number;
  /** Bytes from the start of an output column to the first row. */
  readonly offset: number;
}

/** One way to add the SHAP values of one tree at a time to rows; keeps its scratch until released. */
export interface TreeMethod {
  /** Makes ready for a tree, instead of the one before. @param outputOf address of a column's f64 values */
  prepare(tree: Tree, outputOf: (column: number) => number): void;
  /** Adds the prepared tree's values. Up to the next multiple of 16 rows may be added to. */
  add(rows: TileOfRows): void;
  release(): void;
}
