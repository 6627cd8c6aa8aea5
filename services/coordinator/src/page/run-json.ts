import { Run } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { type Plan, Statement } from '@onescan/contract/generated/onescan/v1/plan.js';
import { type Json, messageJson } from '@onescan/contract/message-json.js';

/** Columns of a pair that are named for each reason. */
const EXAMPLES = 5;

/** How many columns of a pair are left out for one reason, and some of them. */
export interface ExclusionCount {
  readonly code: string;
  readonly columns: number;
  readonly examples: readonly string[];
  /** Of the first of them. */
  readonly text: string;
}

/**
 * A run as the page gets it: proto3 JSON, in which the columns that a plan leaves out are counted by reason instead of
 * listed, and statements stand without their columns; a plan of 28 pairs has some 10,000 of them.
 */
export function runJson(run: Run): Json {
  const json = messageJson(Run, run.plan ? { ...run, plan: withoutLists(run.plan) } : run) as Record<
    string,
    Json
  >;
  if (run.plan) json.exclusions = exclusionCounts(run.plan) as unknown as Json;
  return json;
}

function withoutLists(plan: Plan): Plan {
  const pairs = plan.pairs.map((pair) => ({
    ...pair,
    exclusions: [],
    statements: pair.statements.map(({ bytes }) => Statement.create({ bytes })),
  }));
  return { ...plan, pairs };
}

/** By pair, the most frequent reasons first. */
function exclusionCounts({ pairs }: Plan): Record<string, ExclusionCount[]> {
  return Object.fromEntries(
    pairs.map(({ pair, exclusions }) => {
      const byCode = new Map<string, { columns: number; examples: string[]; text: string }>();
      for (const { featureId, reason, why } of exclusions) {
        const code = why?.code ?? 'unspecified';
        const found = byCode.get(code) ?? { columns: 0, examples: [], text: reason };
        found.columns++;
        if (found.examples.length < EXAMPLES) found.examples.push(featureId);
        byCode.set(code, found);
      }
      const counts = [...byCode].map(([code, found]) => ({ code, ...found }));
      return [pair, counts.sort((a, b) => b.columns - a.columns)];
    }),
  );
}
