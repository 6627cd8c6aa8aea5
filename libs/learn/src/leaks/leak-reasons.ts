import type { LeakEvidence, LeakPart } from './leak-limits.js';
import type { MoveSize } from './partial-spans.js';

/** What a feature explains of a target, and from which share on that is too much. */
export type ExplainedPart = {
  readonly part: LeakPart;
  readonly horizon: number;
  readonly share: number;
  readonly limit: number;
  /** First and last instant of the part of the period where that is so; absent: in all of it. */
  readonly begin?: string;
  readonly end?: string;
  /** It shows in which rows have no value. */
  readonly missing?: boolean;
  /** Rows that come again and again in which it does: two hours of the day, a day of the week, after moves of a size. */
  readonly hour?: number;
  readonly weekday?: number;
  readonly moves?: MoveSize;
  /** Columns of its table that explain so much together. */
  readonly columns?: number;
};

/** What is known of another column of a feature's table. */
export type TableEvidence = {
  /** The column that is refused or suspicious. */
  readonly feature: string;
};

export interface Leak {
  readonly code: 'leak';
  readonly facts: ExplainedPart;
}

/** `refused_suspect`, `refused_sister`: refused because suspicious features were asked to be. */
export type LeakReason =
  | Leak
  | { readonly code: 'refused_suspect'; readonly facts: ExplainedPart }
  | { readonly code: 'refused_sister'; readonly facts: TableEvidence };

export interface ShareSuspicion {
  readonly code: 'suspicious_share';
  readonly facts: ExplainedPart;
}

/** Why a feature is suspicious. */
export type Suspicious =
  | ShareSuspicion
  | { readonly code: 'suspicious_table'; readonly facts: TableEvidence };

/** @param time of every row, milliseconds since 1970 */
export function explainedPart(
  { window, part, horizon, share, limit, missing, span, columns }: LeakEvidence,
  time: Float64Array,
): ExplainedPart {
  const common = {
    ...{ part, horizon, share, limit, ...span },
    ...(missing ? { missing } : {}),
    ...(columns === undefined ? {} : { columns }),
  };
  if (!window) return common;
  return { ...common, begin: instant(time[window.first]!), end: instant(time[window.last]!) };
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
