/** A leaf's histograms, the slots to search, its sums, the penalties, and where the best split goes. */
export type SplitSearchArguments = [
  histograms: number,
  cells: number,
  slots: number,
  slotCount: number,
  totalG: number,
  totalH: number,
  l1: number,
  l2: number,
  minimum: number,
  best: number,
];

/** Exports of assembly/tree.kernel.ts; the parameters are documented there. Addresses are byte offsets. */
export interface TreeKernel {
  accumulateHistograms(
    block: number,
    stride: number,
    groups: number,
    groupCount: number,
    positions: number,
    packed: number,
    count: number,
    histograms: number,
    cells: number,
    tile: number,
    copy: number,
  ): void;
  subtractHistograms(parent: number, child: number, groups: number, groupCount: number, cells: number): void;
  searchSplits(...search: SplitSearchArguments): void;
  searchConstrainedSplits(
    ...search: [...SplitSearchArguments, directions: number, lowest: number, highest: number]
  ): void;
  addSymmetricScores(
    histograms: number,
    cells: number,
    slots: number,
    slotCount: number,
    totalG: number,
    totalH: number,
    l1: number,
    l2: number,
    minimum: number,
    ownScore: number,
    scores: number,
  ): void;
  gatherColumns(
    from: number,
    fromStride: number,
    fromSlot: number,
    rows: number,
    to: number,
    toStride: number,
    toSlot: number,
  ): void;
  gatherRows(
    block: number,
    stride: number,
    groups: number,
    groupCount: number,
    positions: number,
    count: number,
    to: number,
  ): void;
  partitionRows(
    block: number,
    stride: number,
    slot: number,
    threshold: number,
    missingLeft: number,
    positions: number,
    rows: number,
    packed: number,
    count: number,
    spare: number,
  ): number;
  countLeft(
    block: number,
    stride: number,
    slot: number,
    threshold: number,
    missingLeft: number,
    positions: number,
    count: number,
  ): number;
  addTreeScores(
    nodes: number,
    values: number,
    depth: number,
    rows: number,
    count: number,
    scores: number,
  ): void;
}
