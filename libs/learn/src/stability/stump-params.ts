/** Boosted stumps: trees of one split each. */
export const STUMPS = {
  objective: 'squared',
  growth: 'leaf',
  rounds: 100,
  learningRate: 0.2,
  maxLeaves: 2,
  maxDepth: 1,
  minRowsInLeaf: 50,
  l2: 0,
} as const;

/** Columns that stumps choose from: those of largest smooth score in the subsample. */
export const STUMP_COLUMNS = 256;
