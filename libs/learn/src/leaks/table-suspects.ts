import type { LeakReason, Suspicious } from './leak-reasons.js';
import type { PairLeaks } from './pair-leaks.js';

/**
 * Evidence against a column counts against its table: what is a bar ahead there was made by the same program as its
 * sisters. Columns of a table in which one is refused or suspicious are suspicious too, for that column.
 *
 * @param featureIds `table.column` by matrix column
 * @param candidates columns that were tested
 */
export function withTableSuspects(
  { refused, suspicious }: PairLeaks,
  featureIds: readonly string[],
  candidates: readonly number[],
): PairLeaks {
  const evidence = new Map<string, string>();
  for (const column of [...refused.keys(), ...suspicious.keys()]) {
    const feature = featureIds[column]!;
    if (!evidence.has(tableOf(feature))) evidence.set(tableOf(feature), feature);
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

function tableOf(feature: string): string {
  const dot = feature.indexOf('.');
  return dot < 0 ? feature : feature.slice(0, dot);
}
