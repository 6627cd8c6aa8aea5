/**
 * Binning kernels: from columns of float32 or float64 to one-byte bins.
 *
 * No function keeps state: instances on one shared memory share static data, so every scratch area is
 * an argument and belongs to the calling thread.
 */

export { averageBins, averageDoubleBins } from './binning/average-bins';
export { binColumn, binDoubles } from './binning/bin-column';
export { fitBounds, fitDoubleBounds } from './binning/fit-bounds';
export { sortDoubles, sortValues } from './binning/sort-values';
