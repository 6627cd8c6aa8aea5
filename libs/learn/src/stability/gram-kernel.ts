/** Bytes between two rows of one column of a binned matrix. */
export const ROW_BYTES = 8;

/** The kernel of assembly/gram.kernel.ts. */
export interface GramKernel {
  gramStrip(
    addresses: number,
    columns: number,
    begin: number,
    end: number,
    firstRow: number,
    rows: number,
    rowBytes: number,
    tables: number,
    bins: number,
    left: number,
    right: number,
    sums: number,
  ): void;
  storeStrip(sums: number, begin: number, end: number, inverse: number, gram: number, pitch: number): void;
  collectPairs(
    sums: number,
    begin: number,
    end: number,
    inverse: number,
    limit: number,
    out: number,
    room: number,
  ): number;
  innerProduct(a: number, b: number, tableA: number, tableB: number, rows: number, rowBytes: number): number;
}
