import { BLOCK_COLUMNS, blockTable, KEY_COLUMN, matrixColumn } from './dataset-layout.js';
import { emptyValues, type FeatureValues, storedType } from './feature-values.js';
import type { TableFiller } from './fill-table.js';

/** Writes the columns of a matrix as they come, a table for every {@link BLOCK_COLUMNS} of them. */
export class BlockWriter {
  /** The columns of a table, in memory that is used again for the next one. */
  readonly #columns: FeatureValues[] = [];
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
  async add(values: FeatureValues): Promise<void> {
    const type = storedType(values);
    const held = this.#columns[this.#held];
    const own = held && storedType(held) === type ? held : emptyValues(type, values.length);
    own.set(values);
    this.#columns[this.#held] = own;
    if (++this.#held === BLOCK_COLUMNS) await this.flush();
  }

  /** Writes the last table: to be called after the last column. */
  async flush(): Promise<void> {
    if (this.#held === 0) return;
    const columns = this.#columns.slice(0, this.#held).map((values, i) => ({
      name: matrixColumn(this.#written + i),
      values,
    }));
    const table = this.nameOf(this.#written / BLOCK_COLUMNS);
    await this.tables.createAndFill(table, [{ name: KEY_COLUMN, values: this.keys }, ...columns]);
    this.#written += this.#held;
    this.#held = 0;
  }
}
