import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type DayCount, type KeySpan, type TableName, tableText } from '../../catalogue/catalogue.js';
import { isSameName } from '../../catalogue/find-names.js';
import { readDayCounts } from './day-counts.js';
import type { PartitionSource } from './partition-source.js';
import { readPartitionSpans } from './partition-spans.js';
import type { CataloguedTables, Query, TableState } from './read-tables.js';

/** Rows by table of `__TABLES__` as of one moment. */
export type TableStates = ReadonlyMap<string, TableState>;

/**
 * The catalogue as of one moment. What its partitions tell is read when it is first asked for, and taken over from an
 * earlier snapshot for tables that have not changed since.
 */
export class MetadataSnapshot {
  readonly #days = new Map<string, Promise<DayCount[] | OnescanError>>();
  /** Undefined for a table without partitions that hold rows. */
  readonly #spans = new Map<string, Promise<KeySpan | undefined>>();

  constructor(
    readonly states: TableStates,
    readonly catalogued: CataloguedTables,
    private readonly facts: { keyColumn: string; partitions: PartitionSource },
    before?: MetadataSnapshot,
  ) {
    if (!before) return;
    const isSame = (id: string): boolean => isSameState(states.get(id), before.states.get(id));
    for (const [id, days] of before.#days) if (isSame(id)) this.#days.set(id, days);
    for (const [id, span] of before.#spans) if (isSame(id)) this.#spans.set(id, span);
  }

  /** Rows of the table, negative when unknown. */
  rowsOf(table: TableName): number {
    return this.states.get(tableText(table))?.rows ?? -1;
  }

  isPartitionedByKey(table: TableName): boolean {
    const column = this.catalogued.partitionedBy.get(tableText(table));
    return column !== undefined && isSameName(column, this.facts.keyColumn);
  }

  /**
   * Rows of every day of a table that is partitioned by the key; `others` are counted along when it is not known.
   *
   * @throws OnescanError FAILED_PRECONDITION when the table has rows outside daily partitions
   */
  async days(table: TableName, query: Query, others: () => readonly TableName[]): Promise<DayCount[]> {
    const id = tableText(table);
    if (!this.#days.has(id)) {
      const unread = this.#unread(this.#days, [table, ...others()]);
      this.#remember(this.#days, unread, readDayCounts(query, this.facts.partitions, unread));
    }
    const days = (await this.#days.get(id)) ?? [];
    if (days instanceof OnescanError) throw days;
    return days;
  }

  /** Spans by "dataset.table" of those tables that are partitioned by the key, `others` as of {@link days}. */
  async spans(
    tables: readonly TableName[],
    query: Query,
    others: () => readonly TableName[],
  ): Promise<ReadonlyMap<string, KeySpan>> {
    const asked = tables.filter((table) => this.isPartitionedByKey(table));
    if (this.#unread(this.#spans, asked).length > 0) {
      const unread = this.#unread(this.#spans, [...asked, ...others()]);
      this.#remember(this.#spans, unread, readPartitionSpans(query, this.facts.partitions, unread));
    }
    const spans = new Map<string, KeySpan>();
    for (const id of asked.map(tableText)) {
      const span = await this.#spans.get(id);
      if (span) spans.set(id, span);
    }
    return spans;
  }

  #unread(known: ReadonlyMap<string, unknown>, tables: readonly TableName[]): TableName[] {
    const unread = tables.filter((table) => !known.has(tableText(table)) && this.isPartitionedByKey(table));
    return [...new Map(unread.map((table) => [tableText(table), table])).values()];
  }

  /** What could not be read is asked for again the next time. */
  #remember<T>(
    known: Map<string, Promise<T | undefined>>,
    tables: readonly TableName[],
    reading: Promise<ReadonlyMap<string, T>>,
  ): void {
    for (const id of tables.map(tableText)) {
      const one = reading.then((all) => all.get(id));
      known.set(id, one);
      one.catch(() => {
        if (known.get(id) === one) known.delete(id);
      });
    }
  }
}

/** True when no table came, went or changed. */
export function isUnchanged(before: TableStates, now: TableStates): boolean {
  return before.size === now.size && [...now].every(([id, state]) => isSameState(before.get(id), state));
}

function isSameState(a: TableState | undefined, b: TableState | undefined): boolean {
  return a !== undefined && b !== undefined && a.lastModified === b.lastModified && a.rows === b.rows;
}
