/** The kernel of assembly/products.kernel.ts. */
export interface ProductsKernel {
  weightedStrip(
    addresses: number,
    columns: number,
    begin: number,
    end: number,
    firstRow: number,
    rows: number,
    step: number,
    tables: number,
    bins: number,
    weights: number,
    shift: number,
    left: number,
    right: number,
    sums: number,
  ): void;
  storePairs(sums: number, begin: number, end: number, unit: number, out: number): void;
  scorePairs(
    stored: number,
    pairs: number,
    blocks: number,
    inside: number,
    scale: number,
    factors: number,
    scores: number,
    histograms: number,
  ): void;
  collectScores(scores: number, pairs: number, cell: number, out: number, room: number): number;
}

/** Cells of a histogram of scores, in steps of 1/256. */
export const SCORE_CELLS = 4096;
