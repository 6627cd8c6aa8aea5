import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import { SHARED_PAIR } from '@onescan/dataset/dataset.js';
import type { CandidateColumn, DatasetContent } from '@onescan/dataset/dataset-content.js';
import { type DatasetFile, openDatasetFile } from '@onescan/dataset/dataset-file.js';
import { DatasetSpool } from '@onescan/dataset/dataset-spool.js';
import { writeDataset } from '@onescan/dataset/write-dataset.js';
import type { DatasetCache } from '../cache/dataset-cache.js';
import { requireDiskRoom } from '../cache/disk-room.js';
import { tooManyTexts } from '../fetch/candidate-columns.js';
import type { Fetched, FetchStage } from '../fetch/fetch-dataset.js';
import { type DatasetIdentity, fetchedColumns, identityText } from '../planning/dataset-identity.js';
import { sampleOrder } from '../sql/sample-order.js';
import { dialectNamed } from '../warehouse/warehouses.js';
import { columnKey, type HeldDataset } from './held-dataset.js';
import { spoolHeldColumns } from './spool-held-columns.js';

const MICROS_PER_MILLI = 1000;

export interface DeriveOrder {
  readonly held: HeldDataset;
  /** What the dataset is to hold: all of it is in the held one. */
  readonly wanted: DatasetIdentity;
  readonly signal: AbortSignal;
  onProgress(stage: FetchStage, done: number, total: number): void;
}

/**
 * Makes a dataset of a larger one, without a statement: its rows and columns go through the same writer as those of a
 * fetch, which judges them anew. On failure or abort nothing is left.
 *
 * @throws OnescanError RESOURCE_EXHAUSTED without room on the disk, DATA_LOSS when the larger one is damaged
 */
export async function deriveDataset(cache: DatasetCache, order: DeriveOrder): Promise<Fetched> {
  const { held, wanted, signal } = order;
  const { datasetId } = identityText(wanted);
  const path = cache.pathOf(wanted.pair, datasetId);
  const file = await openDatasetFile(held.path, held.datasetId);
  const spool = new DatasetSpool(cache.spoolPath(datasetId));
  try {
    const rows = await chosenRows(file, wanted);
    await requireDiskRoom(cache.folder, {
      pair: wanted.pair,
      rows: rows.length,
      columns: fetchedColumns(wanted) + (wanted.targets?.horizons.length ?? 0),
    });
    const columns = await heldCandidates(file, spool, { ...order, rows });
    const content = await derivedContent(file, wanted, { rows, columns });
    const { sharedDatasetId } = wanted;
    const sharedPath = sharedDatasetId && cache.pathOf(SHARED_PAIR, sharedDatasetId);
    await writeDataset(
      path,
      { ...content, ...(sharedPath ? { sharedPath } : {}), spool: spool.index() },
      { signal, onProgress: order.onProgress },
    );
    cache.markWhole(path);
    return { path, statementsRun: 0, bytesBilled: 0n, usd: 0 };
  } finally {
    spool.dispose();
    file.close();
  }
}

/** The rows of the smaller sample, ascending: those of least hash. */
async function chosenRows(file: DatasetFile, { sample, warehouse }: DatasetIdentity): Promise<Int32Array> {
  const all = Int32Array.from({ length: file.meta.rows }, (_, row) => row);
  const [source, ...others] = sample.sources;
  if (others.length > 0 || source!.rows >= all.length) return all;
  const order = await sampleOrder(
    dialectNamed(warehouse.dialect),
    BigInt(sample.seed),
    await readMicros(file),
  );
  return order.slice(0, source!.rows).sort();
}

async function readMicros(file: DatasetFile): Promise<BigInt64Array> {
  const { time } = await file.readKeys();
  return BigInt64Array.from(time, (millis) => BigInt(Math.round(millis * MICROS_PER_MILLI)));
}

/** The whole universe in order, as a fetch of it would offer it to the writer. */
async function heldCandidates(
  file: DatasetFile,
  spool: DatasetSpool,
  { held, wanted, rows, signal, onProgress }: DeriveOrder & { rows: Int32Array },
): Promise<CandidateColumn[]> {
  const all = wanted.tables.flatMap((table) => table.columns.map((column) => ({ table, column })));
  const candidates = all.map(({ table, column }): CandidateColumn => {
    const described = {
      featureId: `${table.name}.${column.name}`,
      group: table.group,
      type: column.type,
      encoding: 'number' as const,
    };
    if (column.exclusion !== undefined) return { ...described, exclusion: heldExclusion(column.exclusion) };
    return table.shared ? { ...described, isShared: true } : described;
  });
  const values = all.flatMap(({ table, column }, ordinal) => {
    const { exclusion, isShared } = candidates[ordinal]!;
    if (exclusion !== undefined || isShared) return [];
    const found = held.columns.get(columnKey(table, column))!;
    if (found.from !== 'texts') return [{ ordinal, ...found }];
    const excluded = { exclusion: tooManyTexts(column), manyTextsFrom: found.manyTextsFrom };
    candidates[ordinal] = { ...candidates[ordinal]!, encoding: 'ordinal', ...excluded };
    return [];
  });
  const spooled = await spoolHeldColumns(file, spool, {
    values,
    rows,
    signal,
    onProgress: (done, total) => onProgress('derive', done, total),
  });
  for (const [ordinal, place] of spooled) candidates[ordinal] = { ...candidates[ordinal]!, ...place };
  return candidates;
}

/** A dataset's own identity has its exclusions as texts; a plan's as reasons. */
function heldExclusion(exclusion: string | ExclusionReason): ExclusionReason {
  return typeof exclusion === 'string' ? { code: 'unspecified', facts: { text: exclusion } } : exclusion;
}

/** Keys, targets and what goes with them, of the chosen rows. */
async function derivedContent(
  file: DatasetFile,
  wanted: DatasetIdentity,
  { rows, columns }: { rows: Int32Array; columns: CandidateColumn[] },
): Promise<Omit<DatasetContent, 'spool' | 'sharedPath'>> {
  const { meta } = file;
  const { targets } = wanted;
  const micros = await readMicros(file);
  const { bar } = await file.readKeys();
  const pick = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row]!);
  const content: Omit<DatasetContent, 'spool' | 'sharedPath'> = {
    ...identityText(wanted),
    pair: wanted.pair,
    targetWindow: targets?.window ?? 0,
    sql: meta.sql,
    jobId: meta.jobId,
    bytesBilled: 0n,
    usd: 0,
    createdAt: new Date().toISOString(),
    derivedFrom: meta.datasetId,
    keys: BigInt64Array.from(rows, (row) => micros[row]!),
    bar: targets ? Int32Array.from(rows, (row) => bar[row]!) : new Int32Array(),
    persistence: targets ? pick(await file.readPersistence()) : new Float64Array(),
    targets: [],
    knownParts: [],
    columns,
  };
  for (const horizon of targets?.horizons ?? []) {
    content.targets.push({ horizon, values: pick(await file.readTarget(horizon)) });
    const known = wanted.closes && (await file.readKnownPart(horizon));
    if (known) content.knownParts.push({ horizon, values: pick(known) });
  }
  return content;
}
