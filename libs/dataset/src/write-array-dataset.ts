import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import { buildDatasetFile } from './build-dataset-file.js';
import { SHARED_PAIR } from './dataset.js';
import { DatasetSpool } from './dataset-spool.js';

/** A small dataset given as arrays, rows in ascending order of time. */
export interface ArrayDataset {
  datasetId: string;
  pair: string;
  targetWindow: number;
  /** Epoch milliseconds. */
  time: ArrayLike<number>;
  bar: ArrayLike<number>;
  persistence: ArrayLike<number>;
  targets: ReadonlyMap<number, ArrayLike<number>>;
  knownParts?: ReadonlyMap<number, ArrayLike<number>>;
  features: readonly { featureId: string; group: string; type?: string; values: ArrayLike<number> }[];
  /** Columns in a shared dataset, after the others. */
  shared?: { path: string; features: readonly { featureId: string; group: string }[] };
  excluded?: readonly { featureId: string; group: string; type: string; exclusion: ExclusionReason }[];
}

const MICROS_PER_MILLI = 1000;

/** Writes a dataset file from arrays, in this thread: for tests, demonstrations and conversions. */
export async function writeArrayDataset(path: string, data: ArrayDataset): Promise<void> {
  const rows = data.time.length;
  const barRows = data.pair === SHARED_PAIR ? 0 : rows;
  const spool = new DatasetSpool(`${path}.spool-${process.pid}`);
  try {
    const order = Int32Array.from({ length: rows }, (_, row) => row);
    for (const [table, feature] of data.features.entries()) {
      spool.append(table, order, Float64Array.from(ofLength(feature.featureId, feature.values, rows)));
    }
    await buildDatasetFile(
      path,
      {
        datasetId: data.datasetId,
        pair: data.pair,
        targetWindow: data.targetWindow,
        identity: '{}',
        sql: '',
        jobId: '',
        bytesBilled: 0n,
        usd: 0,
        createdAt: '',
        keys: BigInt64Array.from(Array.from(data.time), (ms) => BigInt(Math.round(ms * MICROS_PER_MILLI))),
        bar: Int32Array.from(ofLength('bar', data.bar, barRows)),
        persistence: Float64Array.from(ofLength('persistence', data.persistence, barRows)),
        targets: byHorizon(data.targets, rows),
        knownParts: byHorizon(data.knownParts ?? new Map(), rows),
        columns: [
          ...data.features.map(({ featureId, group, type = 'DOUBLE' }, table) => ({
            featureId,
            group,
            type,
            encoding: 'number' as const,
            spool: { table, column: 0 },
          })),
          ...(data.shared?.features ?? []).map(({ featureId, group }) => ({
            featureId,
            group,
            type: 'DOUBLE',
            encoding: 'number' as const,
            isShared: true,
          })),
          ...(data.excluded ?? []).map(({ featureId, group, type, exclusion }) => ({
            featureId,
            group,
            type,
            encoding: 'number' as const,
            exclusion,
          })),
        ],
        ...(data.shared ? { sharedPath: data.shared.path } : {}),
        spool: spool.index(),
      },
      {},
    );
  } finally {
    spool.dispose();
  }
}

function byHorizon(
  columns: ReadonlyMap<number, ArrayLike<number>>,
  rows: number,
): { horizon: number; values: Float64Array }[] {
  return [...columns]
    .sort(([a], [b]) => a - b)
    .map(([horizon, values]) => ({
      horizon,
      values: Float64Array.from(ofLength(`horizon ${horizon}`, values, rows)),
    }));
}

function ofLength(name: string, values: ArrayLike<number>, rows: number): ArrayLike<number> {
  if (values.length === rows) return values;
  throw new OnescanError(
    'INVALID_ARGUMENT',
    `${name} has ${values.length} values where there are ${rows} rows`,
  );
}
