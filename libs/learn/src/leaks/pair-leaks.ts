import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { PairTarget } from '../data/pair-target.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import { type ProgressHooks, partOf } from '../progress/progress-hooks.js';
import { type LabelGeometry, spanEnd, spanStart } from '../splits/label-span.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import { isStronger, type LeakEvidence, type LeakLimits, leakEvidence, nullLimits } from './leak-limits.js';
import {
  explainedPart,
  type Leak,
  type LeakReason,
  type ShareSuspicion,
  type Suspicious,
} from './leak-reasons.js';
import { SHARES } from './leak-shares.js';
import { leakWindows } from './leak-windows.js';
import type { PartialSpan } from './partial-spans.js';
import { TargetTest } from './target-test.js';

/** Columns, evenly spread, that show what chance reaches. */
const NULL_COLUMNS = 512;
/** Shadows of a target that each of them is tested against: two, and more where columns are few. */
const LEAST_SHADOWS = 2;
/** Shadows that a column which seems to tell too much is tested against by itself. */
const OWN_SHADOWS = 128;
/** Fewer rows that come again and again are not looked at by themselves. */
const LEAST_SPAN_ROWS = 400;
/** What each of a feature's four shares of an unknown part calls suspicious by chance in all tests of a pair, on average. */
export const FALSE_ALARMS = 0.01;

export interface LeakInput {
  readonly matrix: BinnedMatrix;
  /** Columns to test. */
  readonly candidates: readonly number[];
  /** Ordinal of every row's bar. */
  readonly bar: Int32Array;
  /** Of every row, milliseconds since 1970. */
  readonly time: Float64Array;
  /** Leading rows that may be looked at; their labels must not reach into later ones. */
  readonly rows: number;
  readonly targetWindow: number;
  readonly targets: readonly PairTarget[];
  /** Largest share of the unknown part of a target that honest features explain. */
  readonly honestShare: number;
  /** Rows that are looked at by themselves, all of the period at once; default: all, in windows of time. */
  readonly span?: PartialSpan;
  /** Times that features are looked at in all; default 1. */
  readonly looks?: number;
}

/** What is held against the features of a pair, by matrix column. */
export interface PairLeaks {
  /** Refused for all horizons. */
  readonly refused: ReadonlyMap<number, LeakReason>;
  readonly suspicious: ReadonlyMap<number, Suspicious>;
}

/** What the targets of a pair say of its features: the strongest evidence by matrix column. */
export interface ToldByTargets extends PairLeaks {
  /** Features that must hold future values of some horizon. */
  readonly refused: ReadonlyMap<number, Leak>;
  /** Others that say more of the unknown part of some target than honest features do. */
  readonly suspicious: ReadonlyMap<number, ShareSuspicion>;
}

/**
 * Tests features against all targets of the pair, whichever horizon is learned: what gives away one target says
 * much of its neighbours. Of each target four things are looked at: value and sign of the whole, and value and sign of
 * the part that is not known at the row, of which a copy of the whole alone explains too little to be noticed (a third at
 * horizon 15 of 45). Each is looked at in windows of time and in all of them together, because a leak may begin
 * at any time. What chance reaches in a window is measured on shadows of the target.
 *
 * @throws CancelledError
 */
export function pairLeaks(
  input: LeakInput,
  pool: WorkPool = callingThread,
  hooks: ProgressHooks = {},
): ToldByTargets {
  const refused = new Map<number, LeakEvidence>();
  const suspicious = new Map<number, LeakEvidence>();
  const { targets } = input;
  targets.forEach((target, t) => {
    const part = partOf(hooks, t / targets.length, (t + 1) / targets.length);
    for (const [column, plain] of evidenceOf(target, input, pool, part)) {
      const evidence = input.span ? { ...plain, span: input.span.facts } : plain;
      const found = evidence.refuses ? refused : suspicious;
      const best = found.get(column);
      if (!best || isStronger(evidence, best)) found.set(column, evidence);
    }
  });
  for (const column of refused.keys()) suspicious.delete(column);
  const { time } = input;
  return {
    refused: byColumn(refused, (evidence) => ({
      code: 'leak' as const,
      facts: explainedPart(evidence, time),
    })),
    suspicious: byColumn(suspicious, (evidence) => ({
      code: 'suspicious_share' as const,
      facts: explainedPart(evidence, time),
    })),
  };
}

function byColumn<Reason>(
  found: ReadonlyMap<number, LeakEvidence>,
  reasonOf: (evidence: LeakEvidence) => Reason,
): Map<number, Reason> {
  const inOrder = [...found].sort(([a], [b]) => a - b);
  return new Map(inOrder.map(([column, evidence]) => [column, reasonOf(evidence)]));
}

/** By column, what one target says. */
function evidenceOf(
  target: PairTarget,
  input: LeakInput,
  pool: WorkPool,
  hooks: ProgressHooks,
): Map<number, LeakEvidence> {
  const { matrix, candidates, bar, targetWindow, span } = input;
  const geometry = { horizon: target.horizon, targetWindow };
  const usable = usableRows(target, input, geometry);
  const rows = span ? usable.filter(span.has) : usable;
  if (span && rows.length < LEAST_SPAN_ROWS) return new Map();
  const windows = leakWindows({ rows, bar, geometry, ...(span ? { most: 1 } : {}) });
  const found = new Map<number, LeakEvidence>();
  if (windows.length === 0 || candidates.length === 0) return found;
  const scope = new ArenaScope(new Arena(matrix.memory));
  try {
    const test = new TargetTest({ matrix, targetWindow, target, windows }, scope);
    // Without the known part of an overlapping target, what is not known is not in the data.
    const tellsUnknown = target.horizon >= targetWindow || target.knownPart !== null;
    const limits: LeakLimits = {
      geometry,
      windows,
      honestShare: Math.min(1, (input.honestShare * usable.length) / rows.length),
      chance: tellsUnknown ? chanceOfAll(test, input, pool, partOf(hooks, 0, 0.2)) : null,
    };
    const shares = test.shares(candidates, pool, partOf(hooks, 0.2, 0.9));
    const sharesOf = (position: number) =>
      shares.subarray(SHARES * test.spans * position, SHARES * test.spans * (position + 1));
    const doubtful: number[] = [];
    candidates.forEach((column, position) => {
      const evidence = leakEvidence(sharesOf(position), limits);
      if (evidence?.refuses) found.set(column, evidence);
      else if (evidence) doubtful.push(position);
    });
    const own = ownChances(test, doubtful, input, pool, partOf(hooks, 0.9, 1));
    doubtful.forEach((position, k) => {
      const chance = own[k]!.map((limit, at) => Math.max(limit, limits.chance![at]!));
      const evidence = leakEvidence(sharesOf(position), { ...limits, chance });
      if (evidence) found.set(candidates[position]!, evidence);
    });
    return found;
  } finally {
    scope.release();
  }
}

/** What chance reaches by span and share, over all columns. */
function chanceOfAll(test: TargetTest, input: LeakInput, pool: WorkPool, hooks: ProgressHooks): Float64Array {
  const { candidates } = input;
  const step = Math.max(1, Math.ceil(candidates.length / NULL_COLUMNS));
  const columns = candidates.filter((_column, k) => k % step === 0);
  const shadows = Math.max(LEAST_SHADOWS, Math.ceil(OWN_SHADOWS / columns.length));
  const shares = test.shadowShares(columns, shadows, pool, hooks);
  return nullLimits(shares, SHARES * test.spans, falseAlarm(test, input));
}

/**
 * The same of each of some columns by itself: slow features reach further by chance than most.
 *
 * @param positions of the columns among the candidates
 */
function ownChances(
  test: TargetTest,
  positions: readonly number[],
  input: LeakInput,
  pool: WorkPool,
  hooks: ProgressHooks,
): Float64Array[] {
  if (positions.length === 0) return [];
  const columns = positions.map((position) => input.candidates[position]!);
  const shares = test.shadowShares(columns, OWN_SHADOWS, pool, hooks);
  const size = SHARES * test.spans;
  return positions.map((_position, k) => {
    const own = shares.map((all) => all.subarray(size * k, size * (k + 1)));
    return nullLimits(own, size, falseAlarm(test, input));
  });
}

/** Probability with which one share of a feature without a leak may exceed what chance reaches. */
function falseAlarm(test: TargetTest, { candidates, targets, looks = 1 }: LeakInput): number {
  return FALSE_ALARMS / (candidates.length * targets.length * test.spans * looks);
}

/** Rows that have the target, and whose labels end before the first row that may not be looked at. */
export function usableRows(
  { target, knownPart }: PairTarget,
  { bar, rows }: Pick<LeakInput, 'bar' | 'rows'>,
  geometry: LabelGeometry,
): number[] {
  const limit = rows < bar.length ? spanStart(bar[rows]!, geometry) : Number.POSITIVE_INFINITY;
  const usable: number[] = [];
  for (let row = 0; row < rows; row++) {
    const isKnown = knownPart === null || Number.isFinite(knownPart[row]);
    if (Number.isFinite(target[row]) && isKnown && spanEnd(bar[row]!, geometry) < limit) usable.push(row);
  }
  return usable;
}
