/**
 * Binning kernels: from columns of float32 or float64 to one-byte bins.
 *
 * No function keeps state: instances on one shared memory share static data, so every scratch area is
 * an argument and belongs to the calling thread.
 */
export { sortDoubles, sortValues } from './binning/sort-values';
export { fitBounds, fitDoubleBounds } from './binning/fit-bounds';
export { binColumn, binDoubles } from './binning/bin-column';
export { averageBins, averageDoubleBins } from './binning/average-bins';
