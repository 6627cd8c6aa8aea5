import { BLOCK_COLUMNS, blockTable, KEY_COLUMN, matrixColumn } from './dataset-layout.js';
import type { TableFiller } from './fill-table.js';

/** Writes the columns of a matrix as they come, a table for every {@link BLOCK_COLUMNS} of them. */
export class BlockWriter {
  #buffer = new Float32Array();
  #written = 0;
  #held = 0;

  /**
   * @param keys of the rows, which every table repeats
   * @param nameOf a table by its number
   */
  constructor(
    private readonly tables: TableFiller,
    private readonly keys: BigInt64Array,
    private readonly nameOf = blockTable,
  ) {}

  /** Takes a copy of the next column. */
  async add(values: Float32Array): Promise<void> {
    const rows = this.keys.length;
    if (this.#buffer.length === 0) this.#buffer = new Float32Array(BLOCK_COLUMNS * rows);
    this.#buffer.set(values, this.#held * rows);
    if (++this.#held === BLOCK_COLUMNS) await this.flush();
  }

  /** Writes the last table: to be called after the last column. */
  async flush(): Promise<void> {
    if (this.#held === 0) return;
    const rows = this.keys.length;
    const columns = Array.from({ length: this.#held }, (_, i) => ({
      name: matrixColumn(this.#written + i),
      values: this.#buffer.subarray(i * rows, (i + 1) * rows),
    }));
    const table = this.nameOf(this.#written / BLOCK_COLUMNS);
    await this.tables.createAndFill(table, [{ name: KEY_COLUMN, values: this.keys }, ...columns]);
    this.#written += this.#held;
    this.#held = 0;
  }
}
