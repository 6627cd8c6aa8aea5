import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { DatasetSpool } from '@onescan/dataset/dataset-spool.js';
import { tableText } from '../catalogue/catalogue.js';
import type { FetchTable } from '../sql/fetch-query.js';
import type { Lists } from '../warehouse/warehouse.js';
import type { RowRange } from './part-order.js';
import { RowSet } from './row-set.js';
import { TextCodes } from './text-codes.js';

/** Rows that are gathered before they go to the spool: of hundreds of tables, some 100 MB together. */
const GATHERED_ROWS = 2048;

/**
 * Rows of one feature table as they arrive, in any order: checks that no key comes twice and appends them to
 * the spool, thousands at a time, since workers of a warehouse deliver hundreds of tables mixed.
 */
export class TablePart {
  /** Columns in the order in which they are spooled: numbers, then texts. */
  readonly codes: readonly TextCodes[];
  readonly #seen: RowSet;
  readonly #width: number;
  readonly #rows: Int32Array;
  /** Row after row, so that one row touches one place in memory; allocated when the first one comes. */
  #values = new Float64Array();
  #gathered = 0;

  constructor(
    readonly table: FetchTable,
    private readonly position: number,
    private readonly spool: DatasetSpool,
    rows: number,
  ) {
    this.codes = table.texts.map(() => new TextCodes());
    this.#seen = new RowSet(rows);
    this.#width = table.numbers.length + table.texts.length;
    this.#rows = new Int32Array(Math.min(GATHERED_ROWS, rows));
  }

  /**
   * Takes rows of a batch.
   *
   * @param rowIndex number in the sample of every row of the batch
   * @param range of the rows to take
   * @throws OnescanError FAILED_PRECONDITION naming the table when a key has come a second time: when the rows
   *   gathered so far go to the spool
   */
  add(
    rowIndex: Float64Array,
    { positions, start, end: last }: RowRange,
    numbers: Lists<Float64Array>,
    texts: Lists<readonly (string | null)[]> | undefined,
  ): void {
    if (this.#values.length === 0) this.#values = new Float64Array(this.#width * this.#rows.length);
    const { offsets, values: source } = numbers;
    const [rows, values, width] = [this.#rows, this.#values, this.#width];
    const expected = this.table.numbers.length;
    let gathered = this.#gathered;
    for (let i = start; i < last; i++) {
      if (gathered === rows.length) {
        this.#flush(gathered);
        gathered = 0;
      }
      const at = positions[i]!;
      rows[gathered] = this.#seen.requireInBound(rowIndex[at]!);
      let from = offsets[at]!;
      const end = offsets[at + 1]!;
      if (end - from !== expected) throw wrongWidth(this.table);
      let to = gathered++ * width;
      while (from < end) values[to++] = source[from++]!;
      if (texts) this.#encode(texts, at, to);
    }
    this.#gathered = gathered;
  }

  /**
   * All rows have come: the last of them go to the spool, and the memory is given back.
   *
   * @throws OnescanError FAILED_PRECONDITION naming the table when a key has come a second time
   */
  end(): void {
    this.#flush(this.#gathered);
    this.#values = new Float64Array();
  }

  #flush(count: number): void {
    const rows = this.#rows.subarray(0, count);
    // All at once: row after row, each would fetch a line of the set from far away in memory.
    for (let i = 0; i < count; i++) {
      if (!this.#seen.add(rows[i]!)) throw this.#doubledKey(rows[i]!);
    }
    if (count > 0) this.spool.appendRows(this.position, rows, this.#width, this.#values);
    this.#gathered = 0;
  }

  #encode(texts: Lists<readonly (string | null)[]>, at: number, first: number): void {
    const from = texts.offsets[at]!;
    if (texts.offsets[at + 1]! - from !== this.codes.length) throw wrongWidth(this.table);
    for (const [column, codes] of this.codes.entries()) {
      this.#values[first + column] = codes.encode(texts.values[from + column]!);
    }
  }

  #doubledKey(row: number): OnescanError {
    const table = tableText(this.table.table);
    return new OnescanError(
      'FAILED_PRECONDITION',
      `table ${table} holds a key more than once: row ${row} of the sample came twice`,
      {
        remedy: 'Remove the doubled rows from the warehouse, or the table with universe.exclude',
        details: { table },
      },
    );
  }
}

function wrongWidth(table: FetchTable): OnescanError {
  return new OnescanError(
    'DATA_LOSS',
    `the statement returned another number of columns for ${tableText(table.table)} than it asks for`,
  );
}
