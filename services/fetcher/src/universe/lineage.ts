import type { PlanNote } from '@onescan/shared/generated/onescan/v1/plan.js';
import type { FutureColumns } from '@onescan/shared/generated/onescan/v1/spec.js';
import { planNote } from '../planning/plan-note.js';
import { matchesGlob } from './glob.js';

/** The columns that the spec says are made from later rows, and which of its rules have met some. */
export class Lineage {
  readonly #rules: readonly FutureColumns[];
  readonly #met = new Set<FutureColumns>();

  constructor(
    rules: readonly FutureColumns[],
    private readonly pair: string,
  ) {
    this.#rules = rules;
  }

  /** Why a column holds future values; undefined when no rule says so. */
  exclusionReason(table: string, column: string): string | undefined {
    const rule = this.#rules.find(({ columns }) => {
      const glob = columns.replaceAll('{pair}', this.pair);
      return matchesGlob(glob, table) || matchesGlob(glob, `${table}.${column}`);
    });
    if (!rule) return undefined;
    this.#met.add(rule);
    return `by its lineage it holds future values (${rule.reason})`;
  }

  /** A note for every rule that met no column: it may be misspelt. The same words for all pairs, which count them. */
  notes(): PlanNote[] {
    return this.#rules
      .filter((rule) => !this.#met.has(rule))
      .map(({ columns }) =>
        planNote('lineage rule without columns', `universe.future "${columns}" matches no column`),
      );
  }
}
