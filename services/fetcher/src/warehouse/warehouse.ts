import type {
  Catalogue,
  CatalogueColumn,
  CatalogueTable,
  DayCount,
  DoubledKey,
  KeyRange,
  KeySpan,
  TableFilter,
  TableName,
} from '../catalogue/catalogue.js';
import type { SqlDialect } from '../sql/sql-dialect.js';
import type { StatementLimits } from '../sql/statement-limits.js';

/** Columns of one table that a statement refers to, and the keys to which its filter restricts the scan. */
export interface TableRead {
  readonly table: TableName;
  readonly columns: readonly CatalogueColumn[];
  readonly range: KeyRange;
}

/** A statement and what it reads. */
export interface Statement {
  readonly sql: string;
  readonly reads: readonly TableRead[];
}

/** What a statement will bill. */
export interface StatementEstimate {
  readonly bytes: bigint;
  /** What the warehouse calls an estimate that is no bound; absent when it is one. */
  readonly accuracy?: string;
}

/** Lists of one column of a batch: row i holds `values[offsets[i]] ... values[offsets[i + 1] - 1]`. */
export interface Lists<T> {
  readonly offsets: Uint32Array;
  readonly values: T;
}

/** Some rows of a result, by column name. Values are valid until the next batch is asked for. */
export interface StatementBatch {
  readonly rows: number;
  /**
   * Number of the reading of the result that the batch belongs to, default 1: when a warehouse has to read from
   * the start again, all rows come again under the next number.
   */
  readonly reading?: number;
  /** A column of integers below 2^53. */
  integers(column: string): Float64Array;
  /** A column of lists of doubles; NaN for NULL. */
  numberLists(column: string): Lists<Float64Array>;
  /** A column of lists of texts. */
  textLists(column: string): Lists<readonly (string | null)[]>;
}

/** The approved fetch for which a job runs. */
export interface FetchCause {
  readonly runId: string;
  readonly pair: string;
  readonly planHash: string;
}

export interface RunOptions {
  /** Names the job in the warehouse's and in Onescan's job log. */
  jobId: string;
  /** The warehouse refuses, unbilled, to run a statement that would bill more. */
  maximumBytesBilled: bigint;
  /** Told to the warehouse where jobs can be found by it. */
  cause?: FetchCause;
  signal?: AbortSignal;
}

/** What is known of a job that has ended. */
export interface JobBill {
  readonly bytes: bigint;
  /** False when the warehouse has no job of that id: its request was refused, or never sent. */
  readonly exists: boolean;
}

export interface RunningStatement {
  readonly batches: AsyncIterable<StatementBatch>;
  /** Bytes billed; undefined until it is known, which it is when `batches` has ended. */
  bytesBilled(): bigint | undefined;
}

/** Whose questions a view answers. */
export interface ViewScope {
  /** Views of one plan see the same catalogue. Default: the catalogue as it is when the view is first asked. */
  readonly planId?: string;
  /** The approved fetch that asks: what it makes the warehouse look up belongs to its run. */
  readonly fetch?: FetchCause;
}

/** What planning asks of a warehouse: nothing that reads data which is billed. */
export interface WarehouseView {
  readonly dialect: SqlDialect;
  /** Of one statement; what is beyond them is split. */
  readonly limits: StatementLimits;
  /**
   * All tables, in a number of queries that does not depend on theirs. A table that cannot be read costs no other: it
   * has a problem.
   *
   * @param wanted default: all
   */
  readCatalogue(wanted?: TableFilter): Promise<Catalogue>;
  /**
   * Spans of tables of which the catalogue does not tell them, by "schema.table", to the day; those that cannot be
   * known without reading are left out. Absent where the catalogue tells all.
   *
   * @param others tables that will be asked for soon: they are looked up along
   */
  keySpans?(tables: readonly TableName[], others?: OtherTables): Promise<ReadonlyMap<string, KeySpan>>;
  /** True when {@link countDays} knows nothing of days that a range cuts. */
  readonly countsWholeDays: boolean;
  /**
   * Number of rows of a table for each day of a range, in order of day.
   *
   * @param others as of {@link keySpans}
   */
  countDays(table: TableName, range: KeyRange, others?: OtherTables): Promise<DayCount[]>;
  /**
   * Tables that hold a key more than once, as far as the warehouse can tell without billing; the fetch
   * checks what it reads in any case.
   */
  findDoubledKeys(tables: readonly TableName[]): Promise<DoubledKey[]>;
  /**
   * Runs a statement that reads no more than keys and targets. Absent where that is billed.
   *
   * @param statement without features
   */
  readFree?(statement: Statement): AsyncIterable<StatementBatch>;
  /** Keys of each table in a range, ascending, epoch microseconds. Absent where reading them is billed. */
  readKeys?(tables: readonly TableName[], range: KeyRange): Promise<Float64Array[]>;
  /** Checks a statement without running it and says what it will bill. */
  dryRun(statement: Statement): Promise<StatementEstimate>;
}

/** Only called when something has to be looked up. */
export type OtherTables = () => readonly TableName[];

/**
 * A warehouse of feature and target tables. No method but {@link run} reads data that is billed, and none but
 * {@link run} returns feature values.
 */
export interface Warehouse extends WarehouseView {
  /** That of its {@link WarehouseKind}. */
  readonly kind: string;
  /** Which one, e.g. "bigquery:my-project". */
  readonly name: string;
  /**
   * A consistent view for one plan or fetch. Absent where asking again costs nothing: the warehouse itself is one then.
   */
  view?(scope: ViewScope): WarehouseView;
  /**
   * The latest of some earlier jobs that runs this statement now, or whose result can be read again without
   * paying; {@link run} with its id continues it. Absent where jobs end with their fetcher.
   */
  findJob?(
    statement: Statement,
    jobIds: readonly string[],
    signal?: AbortSignal,
  ): Promise<string | undefined>;
  /** True when the result of a job is there, or still to come. Goes with {@link findJob}. */
  hasResult?(jobId: string): Promise<boolean>;
  /** What a job was billed, asked once; undefined while it runs. Absent where nothing is paid for. */
  billedBy?(jobId: string): Promise<JobBill | undefined>;
  /**
   * Those of some tables that are not any more what a catalogue said. Absent where only a query that is billed could tell.
   */
  findChanged?(before: readonly CatalogueTable[]): Promise<TableName[]>;
  /** Runs a statement. Aborting the signal ends it at once, and cancels its job in the background. */
  run(statement: Statement, options: RunOptions): Promise<RunningStatement>;
  close(): Promise<void>;
}
