import { logicalBytesSql } from './bigquery-type.js';
import { quote } from './translate-sql.js';
import { attachedTable, type WarehouseDatabase } from './warehouse-database.js';

/** Bytes of some columns by day; rows without a key have the day null. */
interface DayBytes {
  readonly days: readonly (string | null)[];
  readonly columns: Map<string, readonly bigint[]>;
}

/** Logical bytes of columns by day of the key, counted once each: the attached file does not change. */
export class TableBytes {
  readonly #tables = new Map<string, Promise<DayBytes>>();

  /** @param keyColumn tables in which it is a TIMESTAMP are partitioned by its day */
  constructor(
    private readonly database: WarehouseDatabase,
    private readonly keyColumn: string,
  ) {}

  /**
   * Bytes that a scan of some columns processes.
   *
   * @param isRead tells the days ("YYYY-MM-DD") whose partitions are read; absent when all are
   */
  async of(
    table: { schema: string; table: string },
    columns: readonly string[],
    isRead?: (day: string) => boolean,
  ): Promise<bigint> {
    const known = await this.#count(table, columns);
    const isPartitioned = this.#types(table).get(this.keyColumn)?.startsWith('TIMESTAMP') === true;
    const counts = known.days.map((day) => !isPartitioned || !isRead || (day !== null && isRead(day)));
    return columns
      .flatMap((column) => known.columns.get(column)!.filter((_, i) => counts[i]))
      .reduce((sum, bytes) => sum + bytes, 0n);
  }

  /** Counts what is not known yet, for one caller after another. */
  async #count(
    { schema, table }: { schema: string; table: string },
    columns: readonly string[],
  ): Promise<DayBytes> {
    const id = `${schema}.${table}`;
    const before = this.#tables.get(id) ?? Promise.resolve({ days: [], columns: new Map() });
    const counting = before.then((known) => this.#countMore({ schema, table }, columns, known));
    this.#tables.set(
      id,
      counting.catch(() => before),
    );
    return counting;
  }

  async #countMore(
    { schema, table }: { schema: string; table: string },
    columns: readonly string[],
    known: DayBytes,
  ): Promise<DayBytes> {
    const types = this.#types({ schema, table });
    const missing = columns.filter((column) => !known.columns.has(column));
    if (missing.length === 0) return known;
    const sums = missing.map((column) => logicalBytesSql(quote(column), types.get(column)!));
    const day =
      types.get(this.keyColumn)?.startsWith('TIMESTAMP') === true
        ? `CAST(${quote(this.keyColumn)} AS DATE)`
        : 'CAST(NULL AS DATE)';
    const rows = await this.database.rows(
      `SELECT strftime(${day}, '%Y-%m-%d') AS day, ${sums.join(', ')} FROM ${attachedTable(schema, table)} GROUP BY ${day} ORDER BY day`,
    );
    missing.forEach((column, i) => {
      known.columns.set(
        column,
        rows.map((row) => BigInt(String(row[i + 1]))),
      );
    });
    return { days: rows.map(([d]) => (d === null ? null : String(d))), columns: known.columns };
  }

  #types({ schema, table }: { schema: string; table: string }): ReadonlyMap<string, string> {
    return this.database.columnsOf(schema, table)!;
  }
}
