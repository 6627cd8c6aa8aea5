import type { LeakEvidence, LeakPart } from './leak-limits.js';

/** What a feature explains of a target, and from which share on that is too much. */
export type ExplainedPart = {
  readonly part: LeakPart;
  readonly horizon: number;
  readonly share: number;
  readonly limit: number;
  /** First and last instant of the part of the period where that is so; absent: in all of it. */
  readonly begin?: string;
  readonly end?: string;
};

/** `refused_suspect`: refused because suspicious features were asked to be. */
export interface LeakReason {
  readonly code: 'leak' | 'refused_suspect';
  readonly facts: ExplainedPart;
}

export interface ShareSuspicion {
  readonly code: 'suspicious_share';
  readonly facts: ExplainedPart;
}

/** @param time of every row, milliseconds since 1970 */
export function explainedPart(
  { window, part, horizon, share, limit }: LeakEvidence,
  time: Float64Array,
): ExplainedPart {
  const common = { part, horizon, share, limit };
  if (!window) return common;
  return { ...common, begin: instant(time[window.first]!), end: instant(time[window.last]!) };
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
