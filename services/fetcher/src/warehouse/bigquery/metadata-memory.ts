import { isUnchanged, MetadataSnapshot } from './metadata-snapshot.js';
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
  /** Looks at the catalogue follow each other: the second of two finds what the first has read. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly facts: { project: string; keyColumn: string },
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
    const { project } = this.facts;
    const states = await readTableStates(query, project, this.datasets);
    const before = this.#latest;
    if (before && isUnchanged(before.states, states)) return before;
    const catalogued = await readTables(query, project, states, this.datasets);
    this.#latest = new MetadataSnapshot(states, catalogued, this.facts, before);
    return this.#latest;
  }
}
