/** The kernel of assembly/elastic-net.kernel.ts. */
export interface ElasticNetKernel {
  assembleColumn(
    blocks: number,
    blockCount: number,
    pitch: number,
    column: number,
    inverseRows: number,
    mean: number,
    inverse: number,
    out: number,
  ): void;
  entryPath(
    blocks: number,
    blockCount: number,
    pitch: number,
    inverseRows: number,
    mean: number,
    inverse: number,
    correlation: number,
    usable: number,
    gradient: number,
    columns: number,
    inner: number,
    work: number,
    order: number,
    penalties: number,
    limit: number,
    alpha: number,
    ratio: number,
    steps: number,
  ): number;
}

/** Which path of penalties an elastic net follows. */
export interface PathOptions {
  /** Share of the penalty that is absolute (lasso) rather than squared (ridge), in (0, 1]. */
  alpha: number;
  /** Each penalty over the one before, below 1. */
  ratio: number;
  /** Most penalties tried. */
  steps: number;
}

/** 160 steps of 0.95 end at 1/3600 of the first penalty. */
export const DEFAULT_PATH: PathOptions = { alpha: 0.5, ratio: 0.95, steps: 160 };
