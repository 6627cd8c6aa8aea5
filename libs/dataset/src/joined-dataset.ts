import type { DatasetColumn, DatasetMeta, OpenDataset } from './dataset.js';
import { damagedDataset } from './dataset-damage.js';
import type { DatasetFile } from './dataset-file.js';
import type { DatasetReserve } from './dataset-reserve.js';
import type { FeatureValues } from './feature-values.js';
import { keyRows, RowGatherer } from './key-rows.js';
import { ordinalTexts, recode } from './ordinal-texts.js';

type OnColumn = (position: number, values: FeatureValues) => void;

/** Neighbours in the matrix that are neighbours in one of the files too. */
interface Run {
  source: 'own' | 'shared';
  /** In the matrix. */
  position: number;
  /** In the file. */
  from: number;
  to: number;
}

/** A pair's dataset and the shared one that it refers to, read as one matrix in the order of the universe. */
export class JoinedDataset implements OpenDataset {
  readonly meta: DatasetMeta;
  readonly columns: readonly DatasetColumn[];
  readonly included: readonly DatasetColumn[];
  readonly #runs: readonly Run[];

  private constructor(
    private readonly own: DatasetFile,
    private readonly shared: DatasetFile,
    /** Row of the shared dataset for each row; undefined when they are the same rows. */
    private readonly rows: Int32Array | undefined,
  ) {
    this.meta = own.meta;
    this.columns = own.columns;
    this.included = own.columns.filter((column) => column.included);
    this.#runs = runsOf(this.included);
  }

  /** Takes both files over. Throws DATA_LOSS when the shared one lacks a key or a column of the other. */
  static async join(own: DatasetFile, shared: DatasetFile): Promise<JoinedDataset> {
    try {
      const rows = keyRows((await own.readKeys()).time, (await shared.readKeys()).time);
      const fits = own.columns.every((column) => isSame(column, shared.included));
      if (!fits || rows.includes(-1)) {
        throw damagedDataset(own.path, `it does not fit ${shared.path}, to which it refers`);
      }
      const isWhole = rows.length === shared.meta.rows && rows.every((row, i) => row === i);
      return new JoinedDataset(own, shared, isWhole ? undefined : rows);
    } catch (thrown) {
      shared.close();
      throw thrown;
    }
  }

  readKeys(): Promise<{ time: Float64Array; bar: Int32Array }> {
    return this.own.readKeys();
  }

  readTarget(horizon: number): Promise<Float64Array> {
    return this.own.readTarget(horizon);
  }

  readPersistence(): Promise<Float64Array> {
    return this.own.readPersistence();
  }

  readKnownPart(horizon: number): Promise<Float64Array | null> {
    return this.own.readKnownPart(horizon);
  }

  async readFeatures(onColumn: OnColumn, signal?: AbortSignal): Promise<void> {
    for (const run of this.#runs) {
      if (run.source === 'shared') await this.#readShared(run, onColumn, signal);
      else
        await this.own.readColumns(
          run,
          (at, values) => onColumn(run.position + at - run.from, values),
          signal,
        );
    }
  }

  /** Of the file of the pair. */
  readReserve(): Promise<DatasetReserve> {
    return this.own.readReserve();
  }

  readWithheld(count: number, onColumn: OnColumn): Promise<void> {
    return this.own.readWithheld(count, onColumn);
  }

  close(): void {
    this.own.close();
    this.shared.close();
  }

  #readShared(run: Run, onColumn: OnColumn, signal: AbortSignal | undefined): Promise<void> {
    const gather = this.rows && new RowGatherer(this.rows);
    return this.shared.readColumns(
      run,
      (at, all) => {
        const position = run.position + at - run.from;
        const column = this.included[position]!;
        const gathered = gather?.take(all) ?? all;
        // Of other rows than these the shared dataset may need doubles.
        const values = column.stored === 'FLOAT' ? asSingles(gathered) : gathered;
        const texts = ordinalTexts(column.encoding);
        if (texts) recode(values, ordinalTexts(this.shared.included[at]!.encoding)!, texts);
        onColumn(position, values);
      },
      signal,
    );
  }
}

function asSingles(values: FeatureValues): Float32Array {
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

function isSame(column: DatasetColumn, shared: readonly DatasetColumn[]): boolean {
  return column.sharedPosition === undefined || shared[column.sharedPosition]?.featureId === column.featureId;
}

function runsOf(included: readonly DatasetColumn[]): Run[] {
  const runs: Run[] = [];
  let own = 0;
  for (const [position, { sharedPosition }] of included.entries()) {
    const source = sharedPosition === undefined ? 'own' : 'shared';
    const from = sharedPosition ?? own++;
    const last = runs.at(-1);
    if (last?.source === source && last.to === from) last.to++;
    else runs.push({ source, position, from, to: from + 1 });
  }
  return runs;
}
