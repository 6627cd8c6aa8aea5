import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { BigQueryApi } from './bigquery-api.js';
import { type ListedTables, listTables } from './list-tables.js';
import { isUnchanged, MetadataSnapshot } from './metadata-snapshot.js';
import { countedPartitions, partitionsView } from './partition-source.js';
import { type Query, readTableStates, readTables } from './read-tables.js';

/** Plans whose snapshot is kept; the coordinator makes few at a time. */
const MAX_PLANS = 32;

/**
 * The catalogue's latest snapshot, and those that plans hold on to. To learn that nothing has changed takes one query;
 * when something has, a second one reads the columns, and partitions are asked for only of tables that changed.
 */
export class MetadataMemory {
  readonly #plans = new Map<string, Promise<MetadataSnapshot>>();
  #latest: MetadataSnapshot | undefined;
  /** True once `__TABLES__` was not there. */
  #listsTables = false;
  /** Looks at the catalogue follow each other: the second of two finds what the first has read. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly facts: { api: BigQueryApi; project: string; keyColumn: string },
    private readonly datasets: readonly string[],
  ) {}

  /** The snapshot of a plan: the catalogue as it was when the plan first asked. */
  ofPlan(planId: string, query: Query): Promise<MetadataSnapshot> {
    const known = this.#plans.get(planId);
    if (known) return known;
    const snapshot = this.now(query);
    this.#plans.set(planId, snapshot);
    for (const oldest of this.#plans.keys()) {
      if (this.#plans.size <= MAX_PLANS) break;
      this.#plans.delete(oldest);
    }
    snapshot.catch(() => {
      if (this.#plans.get(planId) === snapshot) this.#plans.delete(planId);
    });
    return snapshot;
  }

  /** The catalogue as it is now. */
  now(query: Query): Promise<MetadataSnapshot> {
    const looked = this.#turn.then(() => this.#look(query));
    this.#turn = looked.catch(() => undefined);
    return looked;
  }

  forget(): void {
    this.#plans.clear();
    this.#latest = undefined;
  }

  async #look(query: Query): Promise<MetadataSnapshot> {
    const { project, keyColumn } = this.facts;
    const { states, catalogued } = await this.#states(query);
    const before = this.#latest;
    if (before && isUnchanged(before.states, states)) return before;
    const tables = catalogued ?? (await readTables(query, project, states, this.datasets));
    const partitions = catalogued ? countedPartitions(project, keyColumn) : partitionsView(project);
    this.#latest = new MetadataSnapshot(states, tables, { keyColumn, partitions }, before);
    return this.#latest;
  }

  /** By `__TABLES__`; where there is none, which is nowhere on Google's service, by lists and resources of tables. */
  async #states(query: Query): Promise<Pick<ListedTables, 'states'> & Partial<ListedTables>> {
    if (!this.#listsTables) {
      try {
        return { states: await readTableStates(query, this.facts.project, this.datasets) };
      } catch (thrown) {
        if (!isMissing(thrown, '__TABLES__')) throw thrown;
      }
    }
    const listed = await listTables(this.facts.api, this.datasets);
    this.#listsTables = true;
    return listed;
  }
}

/** True for the error of a query on a table that is not there. */
function isMissing(thrown: unknown, table: string): boolean {
  if (!(thrown instanceof OnescanError)) return false;
  return /not found/i.test(thrown.message) && thrown.message.includes(table);
}
