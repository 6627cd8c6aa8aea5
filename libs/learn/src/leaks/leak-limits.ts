import type { LabelGeometry } from '../splits/label-span.js';
import { SHARES } from './leak-shares.js';
import type { LeakWindow } from './leak-windows.js';
import { nullLimit } from './null-limit.js';
import type { SpanFacts } from './partial-spans.js';

/** What a feature gives away: the target or its sign, or that of the part that is not known at the row. */
export type LeakPart = 'target' | 'sign' | 'unknown' | 'unknown_sign';

/** Why a feature is refused or suspicious. */
export interface LeakEvidence {
  readonly part: LeakPart;
  readonly horizon: number;
  /** Share of the variance explained out of sample, and what no honest feature reaches. */
  readonly share: number;
  readonly limit: number;
  /** First and last row of the part of the period where it was found; null: in all of it. */
  readonly window: { readonly first: number; readonly last: number } | null;
  /** Whether it shows in which rows have no value. */
  readonly missing?: boolean;
  /** Of the rows that come again and again in which it was found. */
  readonly span?: SpanFacts;
  /** Columns of the feature's table that explain so much together; absent: it does by itself. */
  readonly columns?: number;
  /** Whether the feature must hold future values; else it is suspicious. */
  readonly refuses: boolean;
}

/** What shares are held against. */
export interface LeakLimits {
  readonly geometry: LabelGeometry;
  readonly windows: readonly LeakWindow[];
  readonly honestShare: number;
  /** What chance reaches, [span][share]; null where the unknown part is not in the data. */
  readonly chance: Float64Array | null;
}

/** Share of target or sign that makes a leak; where target and past overlap, half of what the past leaves, if more. */
const LEAK_SHARE = 0.9;
/** Share of the unknown part, or of its sign, that makes a leak. */
const UNKNOWN_LEAK_SHARE = 0.8;

/** Parts by their place among the shares of a span. */
const PARTS: readonly LeakPart[] = [
  'target',
  'sign',
  'unknown',
  'unknown_sign',
  'unknown',
  'unknown_sign',
  'unknown',
  'unknown_sign',
];
/** From this place on shares are of rows with and without a value. */
const MISSING_AT = 6;

/** @returns the evidence against a feature that exceeds its limit most, refusals first; undefined when there is none */
export function leakEvidence(shares: Float64Array, limits: LeakLimits): LeakEvidence | undefined {
  let best: LeakEvidence | undefined;
  for (let at = 0; at < shares.length; at++) {
    const evidence = evidenceAt(at, shares[at]!, limits);
    if (evidence && (!best || isStronger(evidence, best))) best = evidence;
  }
  return best;
}

function evidenceAt(at: number, share: number, limits: LeakLimits): LeakEvidence | undefined {
  const { geometry, windows, chance, honestShare } = limits;
  const span = Math.floor(at / SHARES);
  const part = PARTS[at % SHARES]!;
  const whole = span === windows.length || windows.length === 1;
  const { first, last } = windows[whole ? 0 : span]!;
  const common = {
    ...{ part, horizon: geometry.horizon, share, window: whole ? null : { first, last } },
    ...(at % SHARES >= MISSING_AT ? { missing: true } : {}),
  };
  if (part === 'target' || part === 'sign') {
    const limit = limitOfAll(part, geometry, whole);
    return share >= limit ? { ...common, limit, refuses: true } : undefined;
  }
  if (!chance) return undefined;
  const refusal = Math.max(UNKNOWN_LEAK_SHARE, chance[at]!);
  if (share >= refusal) return { ...common, limit: refusal, refuses: true };
  const limit = Math.max(honestShare, chance[at]!);
  return share >= limit ? { ...common, limit, refuses: false } : undefined;
}

/** Of refusals those from the whole period are the plainest; of suspicions those that exceed their limit most. */
export function isStronger(one: LeakEvidence, other: LeakEvidence): boolean {
  if (one.refuses !== other.refuses) return one.refuses;
  if (!one.refuses) return one.share / one.limit > other.share / other.limit;
  if ((one.window === null) !== (other.window === null)) return one.window === null;
  return one.share > other.share;
}

/**
 * Of target and sign, honest features explain what the past knows: (W - H) / W of the target's variance on a random
 * walk, and (2 / pi) asin of that of its sign (two futures of one past). In a window that share varies more.
 */
function limitOfAll(
  part: 'target' | 'sign',
  { horizon, targetWindow }: LabelGeometry,
  whole: boolean,
): number {
  const overlap = Math.max(0, targetWindow - horizon) / targetWindow;
  const honest = part === 'target' ? overlap : (2 / Math.PI) * Math.asin(overlap);
  return Math.max(LEAK_SHARE, 1 - (1 - honest) / (whole ? 2 : 4));
}

/**
 * What chance reaches, by place among the shares of a column.
 *
 * @param shadows by shadow: [column][share]
 * @param size shares of a column
 * @param probability with which a feature without a leak exceeds each limit
 * @throws LearnInputError for fewer than 20 values per share
 */
export function nullLimits(
  shadows: readonly Float64Array[],
  size: number,
  probability: number,
): Float64Array {
  return Float64Array.from({ length: size }, (_, at) => {
    const values = shadows.flatMap((shares) =>
      Array.from({ length: shares.length / size }, (_unused, column) => shares[column * size + at]!),
    );
    return nullLimit(Float64Array.from(values), probability);
  });
}
