import type { DuckDBConnection } from '@duckdb/node-api';
import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { tableVersions } from '@onescan/dataset/duckdb/table-versions.js';
import { type CatalogueTable, type TableFilter, tableText } from '../../catalogue/catalogue.js';
import { computeView, describeTables, type TableFacts } from '../duckdb/describe-table.js';
import { type NamedTable, readNames } from './read-catalogue.js';
import { readUnstableFunctions, viewSources } from './view-sources.js';

/** How long what a view gives is taken for known when not only the file determines it, so that one plan sees one. */
const UNSTABLE_VIEW_MS = 5000;

type Described = TableFacts & { readonly version?: string };

export interface CatalogueOptions {
  readonly path: string;
  readonly keyColumn: string;
  /** Time that a view may take to compute. */
  readonly viewLimitMs: number;
  /** Versions under which unchanged tables are known since they were built: the one of a table, given its own. */
  readonly builtVersion: (table: NamedTable, version: string) => string;
}

/** What has been read of a file in one state. */
export class CatalogueMemory {
  readonly #described = new Map<NamedTable, Described>();
  readonly #versions = new Map<NamedTable, string>();
  /** Described views whose rows not only the file determines, and until when that holds. */
  readonly #unstable = new Map<NamedTable, number>();
  #names: NamedTable[] | undefined;
  #unstableFunctions: Set<string> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: CatalogueOptions) {}

  /** All tables; rows, keys and versions of those that are wanted. One at a time, so that nothing is read twice. */
  read(connection: DuckDBConnection, wanted: TableFilter): Promise<CatalogueTable[]> {
    const mine = this.#turn.then(() => this.#read(connection, wanted));
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  /** Forgets what not only the file determines. */
  forgetUnstable(): void {
    for (const view of this.#unstable.keys()) this.#described.delete(view);
    this.#unstable.clear();
  }

  async #read(connection: DuckDBConnection, wanted: TableFilter): Promise<CatalogueTable[]> {
    this.#names ??= await readNames(connection);
    for (const [view, until] of this.#unstable) if (until < Date.now()) this.#described.delete(view);
    const asked = this.#names.filter(wanted);
    const unknown = asked.filter((table) => !this.#described.has(table));
    await this.#describeTables(
      connection,
      unknown.filter((table) => !isComputed(table)),
    );
    for (const table of unknown.filter(isComputed)) {
      this.#described.set(table, await this.#describeComputed(connection, table));
    }
    const isAsked = new Set(asked);
    return this.#names.map((table) => {
      const { schema, name, columns } = table;
      const known = isAsked.has(table) ? this.#described.get(table)! : { rows: -1 };
      return { schema, name, columns, ...known };
    });
  }

  async #describeTables(connection: DuckDBConnection, tables: readonly NamedTable[]): Promise<void> {
    const facts = await describeTables(connection, tables, this.options.keyColumn);
    await this.#readVersions(
      connection,
      tables.filter((_, i) => facts[i]!.problem === undefined),
    );
    for (const [i, table] of tables.entries()) {
      const version = this.#versions.get(table);
      this.#described.set(table, { ...facts[i]!, ...(version === undefined ? {} : { version }) });
    }
  }

  /** Of a view, or a table with columns that are computed when they are read. */
  async #describeComputed(connection: DuckDBConnection, table: NamedTable): Promise<Described> {
    const { keyColumn, viewLimitMs: limitMs } = this.options;
    const { rowsHash, ...facts } = await computeView(connection, table, { keyColumn, limitMs });
    if (rowsHash === undefined) return facts;
    const version = await this.#versionOf(connection, table);
    if (version !== undefined) return { ...facts, version };
    this.#unstable.set(table, Date.now() + UNSTABLE_VIEW_MS);
    return { ...facts, version: sha256Hex(`${table.definition}\n${rowsHash}`) };
  }

  /** Undefined for a view whose rows not only the file determines. */
  async #versionOf(connection: DuckDBConnection, table: NamedTable): Promise<string | undefined> {
    if (!table.isView) {
      if (!this.#versions.has(table)) await this.#readVersions(connection, [table]);
      return this.#versions.get(table);
    }
    this.#unstableFunctions ??= await readUnstableFunctions(connection);
    const known = { tables: this.#names!, unstable: this.#unstableFunctions };
    const sources = await viewSources(connection, table, known);
    const parts: string[] = [];
    for (const source of sources ?? []) {
      const version = await this.#versionOf(connection, source);
      if (version === undefined) return undefined;
      parts.push(`${tableText(source)} ${version}`);
    }
    return sources && sha256Hex([table.definition, ...parts].join('\n'));
  }

  async #readVersions(connection: DuckDBConnection, tables: readonly NamedTable[]): Promise<void> {
    const versions = await tableVersions(connection, this.options.path, tables);
    for (const [i, table] of tables.entries()) {
      this.#versions.set(table, this.options.builtVersion(table, versions[i]!));
    }
  }
}

function isComputed({ isView, definition }: NamedTable): boolean {
  return isView || /GENERATED ALWAYS AS/i.test(definition);
}
