import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { DatasetMeta, OpenDataset } from '@onescan/dataset/dataset.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { BinnedMatrixBuilder } from '@onescan/learn/binning/binned-matrix-builder.js';
import type { LearnConfig } from '@onescan/learn/config/learn-config.js';
import type { PairTarget } from '@onescan/learn/data/pair-target.js';
import { CancelledError } from '@onescan/learn/errors/cancelled-error.js';
import { developmentRows } from '@onescan/learn/splits/development-rows.js';
import type { LoadedPair } from './loaded-pair.js';

export interface LoadOptions {
  path: string;
  datasetId: string;
  pair: string;
  config: LearnConfig;
  /** Bound on the WebAssembly memory of the pair, besides the guard's on the whole process. */
  memoryLimitBytes: number;
  /** Called with what the file holds before anything large is read; throws when it will not do or fit. */
  admit(meta: DatasetMeta, columns: number): void;
  isCancelled(): boolean;
  onProgress?(fraction: number): void;
}

/**
 * Reads a dataset, column block by column block, straight into one-byte bins; floats are not kept.
 * Bin bounds are fitted on the development rows only.
 *
 * @throws OnescanError when the file is not that dataset or is damaged, or cannot fit; CancelledError
 */
export async function loadPair(options: LoadOptions): Promise<LoadedPair> {
  const dataset = await openDataset(options.path, { expectedId: options.datasetId });
  try {
    checkPair(dataset, options);
    options.admit(dataset.meta, dataset.included.length);
    const { time, bar } = await dataset.readKeys();
    return {
      meta: dataset.meta,
      columns: dataset.columns,
      included: dataset.included,
      time,
      bar,
      persistence: await dataset.readPersistence(),
      targets: await readTargets(dataset),
      matrix: await readMatrix(dataset, bar, options),
    };
  } finally {
    dataset.close();
  }
}

function checkPair({ meta, included }: OpenDataset, { path, pair }: LoadOptions): void {
  if (meta.pair !== pair) {
    throw new OnescanError('FAILED_PRECONDITION', `dataset file ${path} is of ${meta.pair}, not ${pair}`);
  }
  if (included.length === 0) {
    throw new OnescanError('FAILED_PRECONDITION', `dataset file ${path} has no included feature column`, {
      remedy: 'Look at the exclusions of the plan',
    });
  }
}

async function readTargets(dataset: OpenDataset): Promise<LoadedPair['targets']> {
  const targets = new Map<number, PairTarget>();
  for (const horizon of dataset.meta.horizons) {
    targets.set(horizon, {
      horizon,
      target: await dataset.readTarget(horizon),
      knownPart: await dataset.readKnownPart(horizon),
    });
  }
  return targets;
}

async function readMatrix(
  dataset: OpenDataset,
  bar: Int32Array,
  { config, memoryLimitBytes, isCancelled, onProgress }: LoadOptions,
): Promise<LoadedPair['matrix']> {
  const columns = dataset.included.length;
  const builder = new BinnedMatrixBuilder(dataset.meta.rows, columns, {
    bins: config.binning.bins,
    fitRows: developmentRows(bar, config),
    maximumBytes: memoryLimitBytes,
  });
  let added = 0;
  await dataset.readFeatures((position, values) => {
    if (isCancelled()) throw new CancelledError('load');
    builder.addColumn(position, values);
    onProgress?.(++added / columns);
  });
  return builder.finish();
}
