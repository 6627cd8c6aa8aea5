import { OnescanError } from '@onescan/contract/onescan-error.js';
import {
  type Catalogue,
  type DayCount,
  type DoubledKey,
  type KeyRange,
  type KeySpan,
  type TableName,
  tableText,
} from '../../catalogue/catalogue.js';
import type { SqlDialect } from '../../sql/sql-dialect.js';
import type { OtherTables, Statement, StatementEstimate, WarehouseView } from '../warehouse.js';
import { daysWithin } from './day-counts.js';
import type { MetadataSnapshot } from './metadata-snapshot.js';
import { BIGQUERY_LIMITS } from './published-terms.js';
import type { Query } from './read-tables.js';

/** What a view needs of its warehouse. */
export interface ViewSource {
  readonly dialect: SqlDialect;
  readonly name: string;
  readonly keyColumn: string;
  /** Runs a metadata query for whom the view is. */
  readonly query: Query;
  snapshot(): Promise<MetadataSnapshot>;
  dryRun(statement: Statement, snapshot: MetadataSnapshot): Promise<StatementEstimate>;
}

/** Planning's questions, all answered from one snapshot of the catalogue. */
export class BigQueryView implements WarehouseView {
  readonly countsWholeDays = true;
  readonly dialect: SqlDialect;
  readonly limits = BIGQUERY_LIMITS;
  #snapshot: Promise<MetadataSnapshot> | undefined;

  constructor(private readonly source: ViewSource) {
    this.dialect = source.dialect;
  }

  async readCatalogue(): Promise<Catalogue> {
    const { tables } = (await this.#read()).catalogued;
    // Tables carry their time of last change, so nothing else identifies the data.
    return { tables, fingerprint: this.source.name, isKeyType: this.dialect.isKeyType };
  }

  /** Only tables that are partitioned by the key have a span. */
  async keySpans(
    tables: readonly TableName[],
    others: OtherTables = () => [],
  ): Promise<ReadonlyMap<string, KeySpan>> {
    return (await this.#read()).spans(tables, this.source.query, others);
  }

  async countDays(table: TableName, range: KeyRange, others: OtherTables = () => []): Promise<DayCount[]> {
    const snapshot = await this.#read();
    if (!snapshot.isPartitionedByKey(table)) throw notPartitioned(table, this.source.keyColumn);
    return daysWithin(await snapshot.days(table, this.source.query, others), range);
  }

  /** Keys cannot be compared without reading them, which bills: the fetch refuses doubled ones. */
  async findDoubledKeys(): Promise<DoubledKey[]> {
    return [];
  }

  async dryRun(statement: Statement): Promise<StatementEstimate> {
    return this.source.dryRun(statement, await this.#read());
  }

  #read(): Promise<MetadataSnapshot> {
    this.#snapshot ??= this.source.snapshot();
    const snapshot = this.#snapshot;
    snapshot.catch(() => {
      if (this.#snapshot === snapshot) this.#snapshot = undefined;
    });
    return snapshot;
  }
}

function notPartitioned(table: TableName, keyColumn: string): OnescanError {
  const id = tableText(table);
  return new OnescanError('FAILED_PRECONDITION', `table ${id} is not partitioned by ${keyColumn}`, {
    remedy: `Partition the targets tables by DATE(${keyColumn}), so that rows can be counted without reading`,
    details: { table: id },
  });
}
