import type { DatasetSpool } from '@onescan/shared/dataset/dataset-spool.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { FetchTable } from '../sql/fetch-query.js';
import { type Lists, tableText } from '../warehouse/warehouse.js';
import { RowSet } from './row-set.js';
import { TextCodes } from './text-codes.js';

/** Rows of one feature table as they arrive: checks that no key comes twice and appends them to the spool. */
export class TablePart {
  /** Columns in the order in which they are spooled: numbers, then texts. */
  readonly codes: readonly TextCodes[];
  readonly #seen: RowSet;

  constructor(
    readonly table: FetchTable,
    private readonly position: number,
    private readonly spool: DatasetSpool,
    rows: number,
  ) {
    this.codes = table.texts.map(() => new TextCodes());
    this.#seen = new RowSet(rows);
  }

  /**
   * Takes the rows of a batch from `start` to `end`.
   *
   * @throws OnescanError FAILED_PRECONDITION naming the table when a key comes a second time
   */
  add(
    rowIndex: Float64Array,
    numbers: Lists<Float64Array>,
    texts: Lists<readonly (string | null)[]> | undefined,
    [start, end]: readonly [number, number],
  ): void {
    const rows = Int32Array.from(rowIndex.subarray(start, end));
    this.#requireNew(rows);
    const width = this.table.numbers.length;
    const values = new Float32Array((width + this.codes.length) * rows.length);
    for (let i = 0; i < rows.length; i++) {
      const from = numbers.offsets[start + i]!;
      if (numbers.offsets[start + i + 1]! - from !== width) throw wrongWidth(this.table);
      for (let column = 0; column < width; column++) {
        values[column * rows.length + i] = numbers.values[from + column]!;
      }
    }
    if (texts) this.#encode(texts, start, rows.length, values.subarray(width * rows.length));
    this.spool.append(this.position, rows, values);
  }

  #encode(texts: Lists<readonly (string | null)[]>, start: number, count: number, into: Float32Array): void {
    for (let i = 0; i < count; i++) {
      const from = texts.offsets[start + i]!;
      if (texts.offsets[start + i + 1]! - from !== this.codes.length) throw wrongWidth(this.table);
      for (const [column, codes] of this.codes.entries()) {
        into[column * count + i] = codes.encode(texts.values[from + column]!);
      }
    }
  }

  #requireNew(rows: Int32Array): void {
    for (const row of rows) {
      if (this.#seen.add(row)) continue;
      throw new OnescanError(
        'FAILED_PRECONDITION',
        `table ${tableText(this.table.table)} holds a key more than once: row ${row} of the sample came twice`,
        {
          remedy: 'Remove the doubled rows from the warehouse, or the table with universe.exclude',
          details: { table: tableText(this.table.table) },
        },
      );
    }
  }
}

function wrongWidth(table: FetchTable): OnescanError {
  return new OnescanError(
    'DATA_LOSS',
    `the statement returned another number of columns for ${tableText(table.table)} than it asks for`,
  );
}
