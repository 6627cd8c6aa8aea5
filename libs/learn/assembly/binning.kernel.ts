/**
 * Binning kernels: from float32 columns to one-byte bins.
 *
 * No function keeps state: instances on one shared memory share static data, so every scratch area is
 * an argument and belongs to the calling thread.
 */
export { sortValues } from './binning/sort-values';
export { fitBounds } from './binning/fit-bounds';
export { binColumn } from './binning/bin-column';
export { averageBins } from './binning/average-bins';
