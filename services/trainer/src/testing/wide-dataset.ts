import { buildDatasetFile } from '@onescan/dataset/build-dataset-file.js';
import { DatasetSpool } from '@onescan/dataset/dataset-spool.js';
import { simulateTargets, TARGET_WINDOW } from './simulated-targets.js';

export interface WideDatasetOptions {
  rows: number;
  columns: number;
  horizons: readonly number[];
}

const BAR_MICROS = 60_000_000;
/** Bars between two sampled rows. */
const STRIDE = 3;
const TABLE_COLUMNS = 64;
/** Columns of a family share a slow factor, as windows of one indicator do. */
const FAMILY_COLUMNS = 16;
const SLOWNESS = 0.98;

/**
 * Writes a dataset of any size, table by table, so that little of it is in memory at a time: families of
 * related, slowly moving features, and the targets of a random walk that none of them knows.
 */
export async function writeWideDataset(
  path: string,
  { rows, columns, horizons }: WideDatasetOptions,
): Promise<void> {
  const normal = normalNumbers(11);
  const simulated = simulateTargets({ rows, stride: STRIDE, horizons }, normal);
  const spool = new DatasetSpool(`${path}.spool-${process.pid}`);
  try {
    const allRows = Int32Array.from({ length: rows }, (_, row) => row);
    for (let table = 0; table * TABLE_COLUMNS < columns; table++) {
      const width = Math.min(TABLE_COLUMNS, columns - table * TABLE_COLUMNS);
      spool.append(table, allRows, families(rows, width, normal));
    }
    await buildDatasetFile(
      path,
      {
        datasetId: 'wide-dataset',
        pair: 'eurusd',
        targetWindow: TARGET_WINDOW,
        identity: '{}',
        sql: '',
        jobId: '',
        bytesBilled: 0n,
        usd: 0,
        createdAt: '',
        keys: BigInt64Array.from({ length: rows }, (_, row) =>
          BigInt(Date.UTC(2020, 0, 1) * 1000 + STRIDE * row * BAR_MICROS),
        ),
        bar: allRows.map((row) => STRIDE * row + TARGET_WINDOW),
        persistence: simulated.persistence,
        targets: byHorizon(simulated.targets),
        knownParts: byHorizon(simulated.knownParts),
        columns: Array.from({ length: columns }, (_, column) => ({
          featureId: `wide.f${column}`,
          group: 'pair',
          type: 'DOUBLE',
          encoding: 'number' as const,
          spool: { table: Math.floor(column / TABLE_COLUMNS), column: column % TABLE_COLUMNS },
        })),
        spool: spool.index(),
      },
      {},
    );
  } finally {
    spool.dispose();
  }
}

function byHorizon(columns: ReadonlyMap<number, Float64Array>) {
  return [...columns].map(([horizon, values]) => ({ horizon, values }));
}

/** Columns one after the other; those of a family are its factor and noise of their own. */
function families(rows: number, columns: number, normal: () => number): Float32Array {
  const values = new Float32Array(rows * columns);
  for (let first = 0; first < columns; first += FAMILY_COLUMNS) {
    let factor = 0;
    const last = Math.min(columns, first + FAMILY_COLUMNS);
    for (let row = 0; row < rows; row++) {
      factor = SLOWNESS * factor + normal();
      for (let column = first; column < last; column++) values[column * rows + row] = factor + 3 * normal();
    }
  }
  return values;
}

/** Numbers about standard normal, fast: the sum of four uniform ones of an xorshift generator, rescaled. */
function normalNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  const uniform = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(3) * (uniform() + uniform() + uniform() + uniform() - 2);
}
