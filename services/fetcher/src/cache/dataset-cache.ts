import { lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { DatasetRef, UnreadableDataset } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { targetColumn } from '@onescan/contract/horizon.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type DatasetMeta, SHARED_PAIR } from '@onescan/dataset/dataset.js';
import { damagedDataset } from '@onescan/dataset/dataset-damage.js';
import { missedTables } from '@onescan/dataset/missed-tables.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { roundedColumns } from '@onescan/dataset/rounded-columns.js';
import { type DatasetVerdict, verifyDataset } from '@onescan/dataset/verify-dataset.js';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { ID_PREFIX, requireDatasetName, requireDatasetQuery } from './dataset-names.js';

const EXTENSION = '.duckdb';
/** Files that only fetchers write. */
const UNFINISHED = /(?:\.partial-|\.spool-)\d+(?:\.wal)?$/;
/** Folders in which a process reading or writing datasets, a trainer too, may spill. */
const SPILL_FOLDER = /^\.duckdb-tmp-(\d+)$/;

/** The folder of published dataset files, `{pair}-{dataset id}.duckdb`. */
export class DatasetCache {
  readonly folder: string;
  /** Files found whole by reading all of them, by state of the file. */
  readonly #verified = new Set<string>();

  constructor(folder: string) {
    this.folder = resolve(folder);
    mkdirSync(this.folder, { recursive: true });
  }

  /** @throws OnescanError INVALID_ARGUMENT when these are no names of a pair and a dataset */
  pathOf(pair: string, datasetId: string): string {
    requireDatasetName(pair, datasetId);
    return join(this.folder, `${pair}-${datasetId}${EXTENSION}`);
  }

  /** Raw file in which a fetch gathers its rows. */
  spoolPath(datasetId: string): string {
    return join(this.folder, `${datasetId.slice(0, 16)}.spool-${process.pid}`);
  }

  has(pair: string, datasetId: string): boolean {
    return lstatSync(this.pathOf(pair, datasetId), { throwIfNoEntry: false }) !== undefined;
  }

  /**
   * Removes what unfinished fetches and dead processes have left; returns the names. Only for the holder of
   * the folder's lock, before it fetches: the ids in the names say nothing about fetchers, since in a
   * container each has the same.
   */
  removeTorn(): string[] {
    const torn = readdirSync(this.folder).filter((name) => {
      const pid = Number(SPILL_FOLDER.exec(name)?.[1]);
      return UNFINISHED.test(name) || pid === process.pid || (pid > 0 && !isProcessAlive(pid));
    });
    for (const name of torn) rmSync(join(this.folder, name), { recursive: true, force: true });
    return torn;
  }

  /** What a file says about itself, after the quick checks of opening it. Throws DATA_LOSS on damage. */
  async describe(path: string, expectedId?: string): Promise<{ ref: DatasetRef; meta: DatasetMeta }> {
    const dataset = await openDataset(path, expectedId === undefined ? {} : { expectedId });
    dataset.close();
    const { meta } = dataset;
    const ref: DatasetRef = {
      datasetId: meta.datasetId,
      pair: meta.pair,
      path,
      fileBytes: BigInt(statSync(path).size),
      rows: meta.rows,
      columns: dataset.included.length,
      targets: meta.horizons.map((horizon) => targetColumn(meta.targetWindow, horizon)),
      cached: true,
      statementsRun: 0,
      bytesBilled: meta.bytesBilled,
      usd: meta.usd,
      createdAt: meta.createdAt,
      contentSha256: meta.contentSha256,
      derivedFrom: meta.derivedFrom ?? '',
      referencedBy: [],
      rounded: roundedColumns(dataset.included),
      missedTables: missedTables(dataset.included),
    };
    return { ref, meta };
  }

  /** Reads all of a file, once for each state of the file. Throws DATA_LOSS naming it when it is damaged. */
  async requireWhole(path: string, onProgress: (done: number, total: number) => void): Promise<void> {
    if (this.#verified.has(fileState(path))) return;
    const verdict = await verifyDataset(path, { onProgress });
    if (!verdict.ok) throw verdict.damage ?? damagedDataset(path, verdict.problems.join('; '));
    this.markWhole(path);
  }

  /** Notes that a file was read in full and found whole. */
  markWhole(path: string): void {
    this.#verified.add(fileState(path));
  }

  /** Paths of the datasets of a pair. */
  pathsOf(pair: string): string[] {
    return this.#names()
      .filter((name) => name.startsWith(`${pair}-`))
      .map((name) => join(this.folder, name));
  }

  /** Sizes of the datasets' files, in bytes; of one that goes away meanwhile none. */
  sizes(): number[] {
    return this.#names().flatMap(
      (name) => statSync(join(this.folder, name), { throwIfNoEntry: false })?.size ?? [],
    );
  }

  async list(): Promise<{ datasets: DatasetRef[]; unreadable: UnreadableDataset[] }> {
    const datasets: DatasetRef[] = [];
    const unreadable: UnreadableDataset[] = [];
    const references: { from: string; to: string }[] = [];
    for (const name of this.#names()) {
      const path = join(this.folder, name);
      try {
        const { ref, meta } = await this.describe(path);
        datasets.push(ref);
        if (meta.shared) references.push({ from: ref.datasetId, to: meta.shared.datasetId });
      } catch (thrown) {
        unreadable.push({ path, reason: OnescanError.from(thrown).message });
      }
    }
    for (const { from, to } of references) {
      datasets.find(({ datasetId }) => datasetId === to)?.referencedBy.push(from);
    }
    return { datasets, unreadable };
  }

  /**
   * Path of a dataset by its id, the first characters of its id, or its file name.
   *
   * @throws OnescanError NOT_FOUND; INVALID_ARGUMENT for what can be none of these
   */
  find(datasetId: string): string {
    requireDatasetQuery(datasetId);
    const found = this.#names().filter(
      (name) =>
        name === datasetId ||
        (ID_PREFIX.test(datasetId) && name.slice(name.indexOf('-') + 1).startsWith(datasetId)),
    );
    if (found.length === 1) return join(this.folder, found[0]!);
    throw new OnescanError(
      'NOT_FOUND',
      found.length === 0
        ? `there is no dataset ${datasetId} in ${this.folder}`
        : `${found.length} datasets begin with ${datasetId}`,
      { remedy: 'List the cached datasets with `onescan cache ls`', details: { datasetId } },
    );
  }

  verify(datasetId: string): Promise<DatasetVerdict> {
    return verifyDataset(this.find(datasetId));
  }

  /**
   * Removes a dataset, readable or not; readers that hold it open go on.
   *
   * @param force also when other datasets refer to it
   * @returns the bytes freed
   * @throws OnescanError FAILED_PRECONDITION naming the datasets that refer to it
   */
  async delete(datasetId: string, force: boolean): Promise<bigint> {
    const path = this.find(datasetId);
    const name = basename(path);
    if (name.startsWith(`${SHARED_PAIR}-`) && !force) await this.#requireUnreferenced(name);
    const bytes = BigInt(lstatSync(path).size);
    rmSync(path);
    return bytes;
  }

  async #requireUnreferenced(name: string): Promise<void> {
    const { datasets } = await this.list();
    const shared = datasets.find(({ path }) => basename(path) === name);
    if (!shared || shared.referencedBy.length === 0) return;
    const named = datasets.filter(({ datasetId }) => shared.referencedBy.includes(datasetId));
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `shared dataset ${shared.datasetId.slice(0, 16)} is part of the datasets of ${named.map(({ pair }) => pair).join(', ')}`,
      {
        remedy: 'Evict those first, or give --force: they cannot be read until it is fetched again',
        details: { datasetId: shared.datasetId },
      },
    );
  }

  #names(): string[] {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith(EXTENSION))
      .sort();
  }
}

/** Changes whenever a file may have changed. */
export function fileState(path: string): string {
  const { ino, size, mtimeMs } = statSync(path);
  return `${path} ${ino} ${size} ${mtimeMs}`;
}
