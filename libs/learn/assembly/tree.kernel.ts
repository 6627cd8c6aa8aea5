/**
 * Kernels of the histogram tree grower. The growth itself (which leaf, which columns, when to stop) is
 * TypeScript in src/boosting; here are only the loops over rows, bins and columns.
 *
 * A block holds bins as groups of 8 columns: group g starts at `block + g * stride * 8`, and 8 bytes a
 * row follow, one a column ("slot" = 8 * group + byte). Gradient and hessian of a row are packed in one
 * i64: the quantised gradient in the upper 32 bits (signed), the quantised hessian in the lower 32
 * (unsigned), so one addition adds both. The caller chooses the quantisation so that no sum overflows.
 *
 * No function keeps state: instances on one shared memory share static data, so every scratch area is
 * an argument and belongs to the calling thread.
 */
export { accumulateHistograms, subtractHistograms } from './tree/histogram';
export { addTreeScores } from './tree/predict';
export { countLeft, gatherColumns, gatherRows, partitionRows } from './tree/rows';
export { searchConstrainedSplits } from './tree/search-constrained-splits';
export { searchSplits } from './tree/search-splits';
export { addSymmetricScores } from './tree/symmetric-scores';
