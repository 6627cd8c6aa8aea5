import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { FutureColumns } from '@onescan/contract/generated/onescan/v1/spec.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import { GlobSet } from './glob.js';

/** The columns that the spec says are made from later rows, and which of its rules have met some. */
export class Lineage {
  readonly #rules: readonly { readonly rule: FutureColumns; readonly globs: GlobSet }[];
  readonly #met = new Set<FutureColumns>();

  constructor(rules: readonly FutureColumns[], pair: string) {
    this.#rules = rules.map((rule) => ({
      rule,
      globs: new GlobSet([rule.columns.replaceAll('{pair}', pair)]),
    }));
  }

  /** Why a column holds future values; undefined when no rule says so. */
  exclusion(table: string, column: string): ExclusionReason | undefined {
    const met = this.#rules.find(
      ({ globs }) => globs.matches(table) || globs.matches(`${table}.${column}`),
    )?.rule;
    if (!met) return undefined;
    this.#met.add(met);
    return { code: 'future_lineage', facts: { why: met.reason } };
  }

  /** A note for every rule that met no column: it may be misspelt. The same words for all pairs, which count them. */
  notes(): PlanNote[] {
    return this.#rules
      .filter(({ rule }) => !this.#met.has(rule))
      .map(({ rule }) =>
        planNote({ code: 'lineage_rule_without_columns', facts: { columns: rule.columns } }),
      );
  }
}
