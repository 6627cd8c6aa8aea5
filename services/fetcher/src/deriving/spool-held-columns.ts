import type { CandidateColumn } from '@onescan/dataset/dataset-content.js';
import type { DatasetFile } from '@onescan/dataset/dataset-file.js';
import type { DatasetSpool } from '@onescan/dataset/dataset-spool.js';
import type { FeatureValues } from '@onescan/dataset/feature-values.js';
import { gatherRows } from '@onescan/dataset/key-rows.js';
import { ordinalTexts, recode, textsInUse } from '@onescan/dataset/ordinal-texts.js';
import type { HeldValues } from './held-dataset.js';

/** Bytes of the columns that are gathered before they go to the spool. */
const GATHERED_BYTES = 32 * 1024 ** 2;

/** A column to be taken over, by its place in the universe. */
interface WantedValues extends HeldValues {
  readonly ordinal: number;
}

interface SpoolOrder {
  readonly values: readonly WantedValues[];
  /** Rows to take, ascending. */
  readonly rows: Int32Array;
  readonly signal: AbortSignal;
  onProgress(done: number, total: number): void;
}

/** Where a column's values are now, and how they are encoded. */
export type SpooledPlace = Pick<CandidateColumn, 'spool' | 'encoding' | 'texts'>;

/**
 * Puts some rows of some columns of a dataset into a spool, as a fetch would have brought them: infinities are
 * infinities again, texts have codes among those of these rows.
 *
 * @returns the places by place in the universe
 */
export async function spoolHeldColumns(
  file: DatasetFile,
  spool: DatasetSpool,
  { values, rows, signal, onProgress }: SpoolOrder,
): Promise<Map<number, SpooledPlace>> {
  const writer = new SpoolWriter(spool, rows);
  let done = 0;
  const take = (wanted: readonly WantedValues[]) => {
    const at = new Map(wanted.map((column) => [column.position, column]));
    return (position: number, all: FeatureValues): void => {
      const column = at.get(position);
      if (!column) return;
      writer.add(column, all);
      onProgress(++done, values.length);
    };
  };
  const matrix = values.filter(({ from }) => from === 'matrix').sort((a, b) => a.position - b.position);
  for (const range of runsOf(matrix)) await file.readColumns(range, take(matrix), signal);
  const withheld = values.filter(({ from }) => from === 'withheld');
  const kept = Math.max(0, ...withheld.map(({ position }) => position + 1));
  await file.readWithheld(kept, take(withheld));
  writer.flush();
  return writer.places;
}

/** Positions in ascending order as ranges without holes. */
function runsOf(columns: readonly { position: number }[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const { position } of columns) {
    const last = runs.at(-1);
    if (last?.to === position) last.to++;
    else runs.push({ from: position, to: position + 1 });
  }
  return runs;
}

class SpoolWriter {
  readonly places = new Map<number, SpooledPlace>();
  /** Doubles, since some columns are: the spool finds those that are not. */
  readonly #buffer: Float64Array;
  readonly #width: number;
  /** All rows of a segment, in order. */
  readonly #all: Int32Array;
  /** New row by row of the dataset; -1 where it is not taken. */
  readonly #newRow: Int32Array;
  #table = 0;
  #held = 0;

  constructor(
    private readonly spool: DatasetSpool,
    private readonly rows: Int32Array,
  ) {
    const bytes = rows.length * Float64Array.BYTES_PER_ELEMENT;
    this.#width = Math.max(1, Math.floor(GATHERED_BYTES / Math.max(1, bytes)));
    this.#buffer = new Float64Array(this.#width * rows.length);
    this.#all = Int32Array.from(rows, (_, row) => row);
    this.#newRow = new Int32Array((rows.at(-1) ?? -1) + 1).fill(-1);
    for (const [row, from] of rows.entries()) this.#newRow[from] = row;
  }

  add({ ordinal, encoding, infinite }: WantedValues, all: FeatureValues): void {
    const start = this.#held * this.rows.length;
    const values = gatherRows(all, this.rows, this.#buffer.subarray(start, start + this.rows.length));
    const place = { table: this.#table, column: this.#held };
    const texts = ordinalTexts(encoding);
    if (texts) {
      const used = textsInUse(values, texts);
      recode(values, texts, used);
      this.places.set(ordinal, { spool: place, encoding: 'ordinal', texts: used });
    } else {
      for (const row of infinite) {
        const at = this.#newRow[row] ?? -1;
        if (at >= 0) values[at] = Number.POSITIVE_INFINITY;
      }
      this.places.set(ordinal, { spool: place, encoding: encoding === 'bool' ? 'bool' : 'number' });
    }
    if (++this.#held === this.#width) this.flush();
  }

  /** To be called after the last column. */
  flush(): void {
    if (this.#held === 0) return;
    this.spool.append(this.#table++, this.#all, this.#buffer.subarray(0, this.#held * this.rows.length));
    this.#held = 0;
  }
}
