import type { DuckDBConnection } from '@duckdb/node-api';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import {
  type CatalogueTable,
  type TableFilter,
  type TableName,
  tableText,
} from '../../catalogue/catalogue.js';
import type { WarehouseNames } from '../../catalogue/warehouse-names.js';
import { describeTables, type TableFacts } from '../duckdb/describe-table.js';
import { problemText } from '../duckdb/duckdb-connections.js';
import { type LakeColumns, readLakeColumns } from './lake-columns.js';
import { LakeContent } from './lake-content.js';
import { type LakeDatabase, stateOf } from './lake-database.js';
import { isSettled, type LakeTable, listLake } from './lake-files.js';
import type { LakeStore } from './lake-store.js';

export interface LakeCatalogueOptions {
  readonly store: LakeStore;
  readonly names: WarehouseNames;
  readonly database: LakeDatabase;
}

/** What is known of a table as long as its files are as they were. */
interface KnownTable extends LakeColumns {
  readonly state: string;
  /** False when a file had changed so lately that it may change again without showing. */
  readonly isSettled: boolean;
  facts?: TableFacts & { readonly version?: string };
}

/** The tables of a lake: listed for every question, and read once in each state of their files. */
export class LakeCatalogue {
  readonly #known = new Map<string, KnownTable>();
  readonly #content: LakeContent;
  #listed = new Map<string, LakeTable>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: LakeCatalogueOptions) {
    this.#content = new LakeContent(options.store);
  }

  /** All tables; rows, keys and versions of those that are wanted. One at a time, so that nothing is read twice. */
  read(wanted: TableFilter): Promise<CatalogueTable[]> {
    const mine = this.#turn.then(() => this.#read(wanted));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /** The files of a table as they were last listed. @throws OnescanError NOT_FOUND when it has none */
  tableNamed(table: TableName): LakeTable {
    const found = this.#listed.get(tableText(table));
    if (found) return found;
    throw new OnescanError(
      'NOT_FOUND',
      `the lake ${this.options.store.root} has no table ${tableText(table)}`,
      {
        remedy: 'Resume the run: what it lacks is planned again',
      },
    );
  }

  /** Lists the lake unless it has been. */
  async ready(): Promise<void> {
    if (this.#listed.size === 0) await this.read(() => false);
  }

  async #read(wanted: TableFilter): Promise<CatalogueTable[]> {
    const { store, names, database } = this.options;
    const tables = await listLake(await store.list(), names);
    this.#listed = new Map(tables.map((table) => [tableText(table), table]));
    return database.use(async (connection) => {
      const known = await this.#columns(connection, tables);
      const named = tables.map(({ schema, name }, i) => ({ schema, name, columns: known[i]!.columns }));
      const isWanted = named.map(wanted);
      await this.#describe(
        connection,
        tables.filter((_, i) => isWanted[i] && known[i]!.problem === undefined && !known[i]!.facts),
      );
      return named.map((table, i) => {
        const { problem, facts } = known[i]!;
        if (problem !== undefined) return { ...table, rows: -1, problem };
        return { ...table, rows: -1, ...(isWanted[i] ? facts : {}) };
      });
    });
  }

  async #columns(connection: DuckDBConnection, tables: readonly LakeTable[]): Promise<KnownTable[]> {
    const {
      store: { root },
      database,
    } = this.options;
    const unknown = tables.filter((table) => table.problem === undefined && !this.#isKnown(table));
    const read = await readLakeColumns(database, connection, { root, tables: unknown });
    for (const [i, table] of unknown.entries()) {
      this.#known.set(tableText(table), {
        state: stateOf(table),
        isSettled: table.files.every(isSettled),
        ...read[i]!,
      });
    }
    return tables.map((table) =>
      table.problem === undefined
        ? this.#known.get(tableText(table))!
        : { state: '', isSettled: true, columns: [], problem: table.problem },
    );
  }

  async #describe(connection: DuckDBConnection, tables: readonly LakeTable[]): Promise<void> {
    const readable: LakeTable[] = [];
    for (const table of tables) {
      try {
        await this.options.database.ensureViews(connection, [table]);
        readable.push(table);
      } catch (thrown) {
        this.#entry(table).facts = unreadable(thrown);
      }
    }
    const described = readable.map(({ schema, name }, i) => ({
      schema,
      name,
      columns: this.#entry(readable[i]!).columns,
    }));
    const facts = await describeTables(connection, described, this.options.names.keyColumn);
    const manifest = await this.#content.manifest();
    for (const [i, table] of readable.entries()) {
      const own = facts[i]!;
      try {
        const version =
          own.problem === undefined ? await this.#content.versionOf(table, manifest) : undefined;
        this.#entry(table).facts = { ...own, ...(version === undefined ? {} : { version }) };
      } catch (thrown) {
        this.#entry(table).facts = unreadable(thrown);
      }
    }
  }

  #isKnown(table: LakeTable): boolean {
    const known = this.#known.get(tableText(table));
    return known?.isSettled === true && known.state === stateOf(table);
  }

  #entry(table: LakeTable): KnownTable {
    return this.#known.get(tableText(table))!;
  }
}

function unreadable(thrown: unknown): TableFacts {
  return { rows: -1, problem: `cannot be read: ${problemText(thrown)}` };
}
