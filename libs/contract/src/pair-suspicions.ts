import type { Suspicion } from './generated/onescan/v1/result.js';

/** Suspicions of one result. */
export interface HorizonSuspicions {
  readonly pair: string;
  readonly horizon: number;
  readonly suspicions: readonly Suspicion[];
}

/** A suspected feature of a pair. */
export interface PairSuspicion extends Suspicion {
  readonly pair: string;
  /** Results in which it was found or retained, ascending. */
  readonly horizons: readonly number[];
}

/**
 * Suspicions of a run, each once a pair: a leak is a leak for all horizons. Refused ones first, in the order of the
 * results. Where reasons of one feature differ, the first is kept.
 */
export function pairSuspicions(results: readonly HorizonSuspicions[]): PairSuspicion[] {
  const found = new Map<string, PairSuspicion>();
  for (const { pair, horizon, suspicions } of results) {
    for (const suspicion of suspicions) {
      const key = `${pair} ${suspicion.retained} ${suspicion.featureId}`;
      const before = found.get(key);
      const horizons = [...(before?.horizons ?? []), horizon].sort((a, b) => a - b);
      found.set(key, { ...(before ?? { ...suspicion, pair }), horizons });
    }
  }
  return [...found.values()].sort((a, b) => Number(a.retained) - Number(b.retained));
}
