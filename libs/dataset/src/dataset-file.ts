import { statSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type DatasetColumn, type DatasetMeta, type OpenDataset, SHARED_PAIR } from './dataset.js';
import { readOrDamaged } from './dataset-damage.js';
import {
  BAR_COLUMN,
  BLOCK_COLUMNS,
  blockTable,
  KEY_COLUMN,
  knownPartColumn,
  matrixColumn,
  PERSISTENCE_COLUMN,
  quoted,
  ROWS_TABLE,
  targetValueColumn,
  withheldTable,
} from './dataset-layout.js';
import { type DatasetReserve, readReserve } from './dataset-reserve.js';
import { type DuckDb, openConfinedDuckDb } from './duckdb/open-duckdb.js';
import { duckdbSettings } from './duckdb-settings.js';
import type { FeatureValues, StoredType } from './feature-values.js';
import { readFixedWidth } from './float-vectors.js';
import { requireNoLink } from './no-links.js';
import { readCatalogue } from './read-dataset-catalogue.js';
import { ColumnBuffer, columnSlices, READ_CONNECTIONS } from './read-width.js';

const MEMORY_LIMIT = '384MB';
/** Streamed queries run in the threads that fetch from them; more of DuckDB's would only wait for work, busily. */
const DUCKDB_THREADS = 1;
const MICROS_PER_MILLI = 1000;

/** Positions start ... end - 1 of the matrix. */
interface Slice {
  start: number;
  end: number;
}

/** Where columns are read from, and what becomes of them. */
interface ColumnStream {
  tableOf(block: number): string;
  typeOf(position: number): StoredType;
  onColumn(position: number, values: FeatureValues): void;
  signal?: AbortSignal | undefined;
}

/**
 * Opens one file and checks that it is whole.
 *
 * @throws OnescanError DATA_LOSS when it is damaged, FAILED_PRECONDITION when it is another dataset, of another format
 *   version, or a link
 */
export async function openDatasetFile(file: string, expectedId: string | undefined): Promise<DatasetFile> {
  requireNoLink(file);
  const settings = duckdbSettings({ path: file, memoryLimit: MEMORY_LIMIT, threads: DUCKDB_THREADS });
  const instance = await readOrDamaged(file, () =>
    openConfinedDuckDb(file, { ...settings, access_mode: 'READ_ONLY' }),
  );
  const connections: DuckDBConnection[] = [];
  try {
    for (let i = 0; i < READ_CONNECTIONS; i++) connections.push(await instance.connect());
    const catalogue = await readOrDamaged(file, () =>
      readCatalogue({ connection: connections[0]!, path: file, fileBytes: statSync(file).size }),
    );
    checkIdentity(file, catalogue.meta, expectedId);
    return new DatasetFile(file, instance, connections, catalogue);
  } catch (thrown) {
    for (const connection of connections) connection.closeSync();
    instance.closeSync();
    throw thrown;
  }
}

function checkIdentity(file: string, meta: DatasetMeta, expectedId: string | undefined): void {
  if (expectedId === undefined || meta.datasetId === expectedId) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `dataset file ${file} holds dataset ${meta.datasetId}, not ${expectedId}`,
    { remedy: 'Plan the run again', details: { path: file } },
  );
}

/** An open dataset file with the columns that it holds itself. */
export class DatasetFile implements OpenDataset {
  readonly meta: DatasetMeta;
  readonly columns: readonly DatasetColumn[];
  /** Columns whose values are in this file. */
  readonly included: readonly DatasetColumn[];
  #open = true;
  /** Reads take turns: a second query on a connection would cut off the first one's stream. */
  #turn: Promise<void> = Promise.resolve();

  constructor(
    readonly path: string,
    private readonly instance: DuckDb,
    private readonly connections: readonly DuckDBConnection[],
    catalogue: { meta: DatasetMeta; columns: readonly DatasetColumn[] },
  ) {
    this.meta = catalogue.meta;
    this.columns = catalogue.columns;
    this.included = catalogue.columns.filter(
      (column) => column.included && column.sharedPosition === undefined,
    );
  }

  async readKeys(): Promise<{ time: Float64Array; bar: Int32Array }> {
    const micros = new BigInt64Array(this.meta.rows);
    const bar = new Int32Array(this.meta.pair === SHARED_PAIR ? 0 : this.meta.rows);
    const key = `epoch_us(${KEY_COLUMN})`;
    if (bar.length === 0) await this.#readRows([key], [micros]);
    else await this.#readRows([key, BAR_COLUMN], [micros, bar]);
    const time = new Float64Array(this.meta.rows);
    for (let row = 0; row < time.length; row++) time[row] = Number(micros[row]!) / MICROS_PER_MILLI;
    return { time, bar };
  }

  async readTarget(horizon: number): Promise<Float64Array> {
    if (!this.meta.horizons.includes(horizon)) {
      throw new OnescanError('NOT_FOUND', `dataset file ${this.path} holds no target of horizon ${horizon}`, {
        remedy: `It holds ${this.meta.horizons.join(', ')}; name the horizon in the run spec and fetch again`,
      });
    }
    return this.#readDoubles(targetValueColumn(horizon));
  }

  readPersistence(): Promise<Float64Array> {
    return this.#readDoubles(PERSISTENCE_COLUMN);
  }

  async readKnownPart(horizon: number): Promise<Float64Array | null> {
    return this.meta.overlapHorizons.includes(horizon) ? this.#readDoubles(knownPartColumn(horizon)) : null;
  }

  readFeatures(
    onColumn: (position: number, values: FeatureValues) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.readColumns({ from: 0, to: this.included.length }, onColumn, signal);
  }

  /** The same for the included columns at the positions from ... to - 1. */
  readColumns(
    range: { from: number; to: number },
    onColumn: (position: number, values: FeatureValues) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const typeOf = (position: number): StoredType => this.included[position]!.stored || 'FLOAT';
    return this.#inTurn(() => this.#streamColumns(range, { tableOf: blockTable, typeOf, onColumn, signal }));
  }

  /** What the file keeps beyond its columns. */
  async readReserve(): Promise<DatasetReserve> {
    let reserve: DatasetReserve | undefined;
    await this.#inTurn(async () => {
      reserve = await readOrDamaged(this.path, () => readReserve(this.connections[0]!));
    });
    return reserve!;
  }

  /** As {@link readFeatures}, of the first `count` withheld columns whose values are kept. */
  async readWithheld(
    count: number,
    onColumn: (position: number, values: FeatureValues) => void,
  ): Promise<void> {
    if (count === 0) return;
    const kept = (await this.readReserve()).withheld.filter(({ position }) => position !== undefined);
    const typeOf = (position: number): StoredType => kept[position]!.stored || 'FLOAT';
    const range = { from: 0, to: count };
    await this.#inTurn(() => this.#streamColumns(range, { tableOf: withheldTable, typeOf, onColumn }));
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const connection of this.connections) connection.closeSync();
    this.instance.closeSync();
  }

  async #streamColumns(
    range: { from: number; to: number },
    { tableOf, typeOf, onColumn, signal }: ColumnStream,
  ): Promise<void> {
    const slices = columnSlices(range, this.meta.rows, typeOf);
    const buffers = this.connections.map(() => new ColumnBuffer(this.meta.rows));
    const launch = (query: number): Promise<FeatureValues[]> => {
      const connection = query % buffers.length;
      const { start, end } = slices[query]!;
      const table = tableOf(Math.floor(start / BLOCK_COLUMNS));
      const types = Array.from({ length: end - start }, (_, i) => typeOf(start + i));
      const values = buffers[connection]!.columns(types);
      const slice = this.#readSlice({ start, end, table }, values, { connection, signal });
      slice.catch(() => undefined); // it is awaited in its turn; until then a failure must not look unhandled
      return slice;
    };
    const inFlight: Promise<FeatureValues[]>[] = [];
    for (let query = 0; query < Math.min(buffers.length, slices.length); query++)
      inFlight.push(launch(query));
    try {
      for (let query = 0; query < slices.length; query++) {
        const columns = await inFlight.shift()!;
        signal?.throwIfAborted();
        for (const [i, values] of columns.entries()) onColumn(slices[query]!.start + i, values);
        if (query + buffers.length < slices.length) inFlight.push(launch(query + buffers.length));
      }
    } catch (thrown) {
      await Promise.allSettled(inFlight);
      throw thrown instanceof Error && thrown.name === 'AbortError' ? OnescanError.from(thrown) : thrown;
    }
  }

  /** Columns of the matrix that do not span two blocks, through one of the connections. */
  async #readSlice(
    { start, end, table }: Slice & { table: string },
    values: FeatureValues[],
    through: { connection: number; signal: AbortSignal | undefined },
  ): Promise<FeatureValues[]> {
    const names: string[] = [];
    for (let position = start; position < end; position++) names.push(matrixColumn(position));
    const sql = `SELECT ${names.join(', ')} FROM ${table}`;
    const connection = this.connections[through.connection]!;
    await readOrDamaged(this.path, () => readFixedWidth(connection, sql, values, through.signal));
    return values;
  }

  async #readDoubles(column: string): Promise<Float64Array> {
    const values = new Float64Array(this.meta.rows);
    await this.#readRows([quoted(column)], [values]);
    return values;
  }

  async #readRows(
    expressions: readonly string[],
    targets: readonly (Float64Array | Int32Array | BigInt64Array)[],
  ): Promise<void> {
    const sql = `SELECT ${expressions.join(', ')} FROM ${ROWS_TABLE}`;
    await this.#inTurn(() =>
      readOrDamaged(this.path, () => readFixedWidth(this.connections[0]!, sql, targets)),
    );
  }

  async #inTurn(read: () => Promise<void>): Promise<void> {
    const before = this.#turn;
    const mine = before.then(() => {
      if (this.#open) return read();
      throw new OnescanError(
        'FAILED_PRECONDITION',
        `dataset file ${this.path} was closed before it was read`,
      );
    });
    this.#turn = mine.catch(() => undefined);
    await mine;
  }
}
