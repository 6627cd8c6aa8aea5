/** Whole numbers from the first up to but without the second. */
export type PieceRange = readonly [from: number, to: number];

/** Cuts 0 .. count - 1 into ranges of at most `size`, in order: pieces that do not depend on the threads. */
export function pieceRanges(count: number, size: number): PieceRange[] {
  return Array.from({ length: Math.ceil(count / size) }, (_, k) => [
    k * size,
    Math.min(count, (k + 1) * size),
  ]);
}
