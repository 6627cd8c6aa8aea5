import type { PairInput } from '../data/pair-input.js';
import type { LeakReason, Suspicious } from './leak-reasons.js';
import type { PairLeaks, ToldByTargets } from './pair-leaks.js';

/** One column that explains so many times its limit speaks against its table, or two that exceed it. */
const STRONG = 3;
const SEVERAL = 2;

/**
 * Evidence against a column counts against its table: what is a bar ahead there was made by the same program as its
 * sisters. Columns of a table in which one is refused, holds a target, or is suspicious beyond doubt are suspicious too, for that
 * column. One that is barely beyond its limit speaks for itself alone.
 *
 * @param pair `table.column` by matrix column, and what was left out of the matrix for its values
 * @param candidates columns that were tested
 */
export function withTableSuspects(
  { refused, suspicious }: ToldByTargets,
  { featureIds, holdingTargets = [] }: Pick<PairInput, 'featureIds' | 'holdingTargets'>,
  candidates: readonly number[],
): PairLeaks {
  const evidence = new Map<string, string>();
  const speaksAgainst = (feature: string): void => {
    if (!evidence.has(tableOf(feature))) evidence.set(tableOf(feature), feature);
  };
  for (const feature of holdingTargets) speaksAgainst(feature);
  for (const column of refused.keys()) speaksAgainst(featureIds[column]!);
  const doubtful = new Map<string, number>();
  for (const [column, { facts }] of suspicious) {
    const feature = featureIds[column]!;
    const count = (doubtful.get(tableOf(feature)) ?? 0) + 1;
    doubtful.set(tableOf(feature), count);
    if (count >= SEVERAL || facts.share >= STRONG * facts.limit) speaksAgainst(feature);
  }
  const all = new Map<number, Suspicious>(suspicious);
  for (const column of candidates) {
    const feature = evidence.get(tableOf(featureIds[column]!));
    if (feature === undefined || refused.has(column) || suspicious.has(column)) continue;
    all.set(column, { code: 'suspicious_table', facts: { feature } });
  }
  return { refused, suspicious: new Map([...all].sort(([a], [b]) => a - b)) };
}

/** Refuses what is suspicious, with the same facts. */
export function refusingSuspects({ refused, suspicious }: PairLeaks): PairLeaks {
  const more = [...suspicious].map(([column, why]) => [column, refusedSuspect(why)] as const);
  return { refused: new Map([...refused, ...more].sort(([a], [b]) => a - b)), suspicious: new Map() };
}

/** The reason to refuse a suspicious feature where that is asked for. */
export function refusedSuspect(why: Suspicious): LeakReason {
  return why.code === 'suspicious_table'
    ? { code: 'refused_sister', facts: why.facts }
    : { code: 'refused_suspect', facts: why.facts };
}

/** The table of a feature `table.column`. */
export function tableOf(feature: string): string {
  const dot = feature.indexOf('.');
  return dot < 0 ? feature : feature.slice(0, dot);
}
