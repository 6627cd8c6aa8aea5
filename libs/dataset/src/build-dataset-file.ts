import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import { BlockWriter } from './block-writer.js';
import { canonicaliseDoubles, combineHashes, hashValues } from './column-profile.js';
import type { DatasetColumn, SharedReference } from './dataset.js';
import type { DatasetContent, WriteHooks } from './dataset-content.js';
import { literal, ROWS_TABLE } from './dataset-layout.js';
import { type DatasetReserve, writeReserve } from './dataset-reserve.js';
import { SpoolReader } from './dataset-spool.js';
import { writeCatalogueTables, writeFeaturesView } from './dataset-tables.js';
import { openDuckDb } from './duckdb/open-duckdb.js';
import { duckdbSettings } from './duckdb-settings.js';
import { TableFiller } from './fill-table.js';
import { excludedColumn, judgeColumn } from './judge-columns.js';
import { judgeSharedColumns } from './judge-shared-columns.js';
import { openDataset } from './open-dataset.js';
import { rowColumns } from './row-columns.js';
import { ShiftedTargets } from './shifted-target.js';
import { spooledColumns } from './spooled-columns.js';
import { TargetCopies } from './target-copy.js';
import { verifyDataset } from './verify-dataset.js';
import { WithheldWriter } from './withheld-writer.js';

const MEMORY_LIMIT = '512MB';
/** Fixed, so that every version of DuckDB in use writes files that the others read. */
const STORAGE_VERSION = 'v1.5.0';
/**
 * Bytes. DuckDB starts a block for every column that fills most of one: of its usual 256 KB a fifth stays empty at
 * 54,000 rows.
 */
const BLOCK_SIZE = 65_536;
/** One thread fills a table at a time; another one of DuckDB's would only wait for work, busily. */
const WRITE_THREADS = 1;

/** Name under which a file is written until it is complete: readers and listings pass it over. */
export function partialPath(path: string): string {
  return `${path}.partial-${process.pid}`;
}

/**
 * Writes a dataset file from its content and publishes it under `path` in one step: built under another
 * name, checkpointed, read back and compared, synced to disk, renamed. On any failure nothing is left.
 * Blocks its thread for seconds: {@link writeDataset} runs it in a worker.
 *
 * @throws OnescanError CANCELLED, or DATA_LOSS when what is read back differs
 */
export async function buildDatasetFile(
  path: string,
  content: DatasetContent,
  hooks: WriteHooks,
): Promise<void> {
  const partial = partialPath(path);
  rmSync(partial, { force: true });
  try {
    await fillFile(partial, content, hooks);
    const verified = await verifyDataset(partial, {
      onProgress: (done, total) => hooks.onProgress?.('verify', done, total),
      ...(hooks.isCancelled ? { isCancelled: hooks.isCancelled } : {}),
    });
    if (!verified.ok) throw new OnescanError('DATA_LOSS', `${path}: ${verified.problems.join('; ')}`);
    sync(partial);
    renameSync(partial, path);
    sync(dirname(path));
  } finally {
    rmSync(partial, { force: true });
    rmSync(`${partial}.wal`, { force: true });
  }
}

async function fillFile(partial: string, content: DatasetContent, hooks: WriteHooks): Promise<void> {
  const spool = new SpoolReader(content.spool, content.keys.length);
  const settings = duckdbSettings({ path: partial, memoryLimit: MEMORY_LIMIT, threads: WRITE_THREADS });
  const instance = await openDuckDb(':memory:', settings);
  const connection = await instance.connect();
  try {
    await connection.run(
      `ATTACH ${literal(partial)} AS dataset (STORAGE_VERSION ${literal(STORAGE_VERSION)}, BLOCK_SIZE ${BLOCK_SIZE})`,
    );
    await connection.run('USE dataset');
    const shared = content.sharedPath === undefined ? undefined : await sharedReference(content.sharedPath);
    const tables = new TableFiller(connection);
    // First, so that columns are judged by the targets as they are stored.
    const rows = rowColumns(content);
    for (const { values } of rows) if (values instanceof Float64Array) canonicaliseDoubles(values);
    const { columns, reserve } = await writeFeatures(tables, content, spool, hooks);
    await tables.createAndFill(ROWS_TABLE, rows);
    const contentSha256 = combineHashes([
      ...rows.map(({ name, values }) => ({ name, contentSha256: hashValues(values) })),
      ...columns
        .filter((column) => column.included)
        .map((column) => ({ name: column.featureId, contentSha256: column.contentSha256 })),
    ]);
    await writeReserve(connection, reserve, content.keys.length);
    await writeFeaturesView(connection, columns, rows);
    await writeCatalogueTables(connection, { content, columns, contentSha256, shared });
    await connection.run('CHECKPOINT dataset');
    await connection.run('USE memory');
    await connection.run('DETACH dataset');
  } finally {
    spool.close();
    connection.closeSync();
    instance.closeSync();
  }
}

/** Stands in until a column's values were seen. */
const NOT_JUDGED: ExclusionReason = { code: 'unspecified', facts: { text: 'not judged' } };

/**
 * Judges every column of the universe and writes those that are included, in one pass over the spool; shared ones are
 * judged by their values in the rows of this dataset and stay where they are.
 */
async function writeFeatures(
  tables: TableFiller,
  content: DatasetContent,
  spool: SpoolReader,
  hooks: WriteHooks,
): Promise<{ columns: DatasetColumn[]; reserve: DatasetReserve }> {
  const copies = new TargetCopies(content.targets);
  const targets = { copies, shifted: new ShiftedTargets(content.bar, content.targets) };
  const judged = content.columns.map((column) => excludedColumn(column, column.exclusion ?? NOT_JUDGED));
  const blocks = new BlockWriter(tables, content.keys);
  const withheld = new WithheldWriter(tables, content);
  const infinities = new Map<number, readonly number[]>();
  const total = content.columns.filter((column) => column.spool).length;
  let done = 0;
  for (const { position, values, summary } of spooledColumns(content, spool)) {
    if (hooks.isCancelled?.()) throw new OnescanError('CANCELLED', 'writing the dataset was cancelled');
    const column = judgeColumn(content.columns[position]!, { values, summary }, targets);
    judged[position] = column;
    if (column.included) await blocks.add(values);
    else await withheld.add(position, values);
    if (summary.infinite > 0) infinities.set(position, summary.infiniteRows);
    hooks.onProgress?.('write', ++done, total);
  }
  await blocks.flush();
  const reserve = { withheld: await withheld.end(), infinities };
  if (content.sharedPath !== undefined) {
    await judgeSharedColumns(content, content.sharedPath, { judged, targets, hooks });
  }
  return { columns: judged, reserve };
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

async function sharedReference(path: string): Promise<SharedReference> {
  const shared = await openDataset(path);
  shared.close();
  return { datasetId: shared.meta.datasetId, contentSha256: shared.meta.contentSha256 };
}
