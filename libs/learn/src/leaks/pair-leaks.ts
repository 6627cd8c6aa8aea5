import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { PairTarget } from '../data/pair-target.js';
import { Arena } from '../kernels/arena.js';
import { ArenaScope } from '../kernels/arena-scope.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import { type LabelGeometry, spanEnd, spanStart } from '../splits/label-span.js';
import { pieceRanges } from '../threads/piece-ranges.js';
import { callingThread, type WorkPool } from '../threads/work-pool.js';
import {
  type LeakReason,
  leakReason,
  type ShareSuspicion,
  suspicionReason,
  type TargetShares,
} from './leak-limits.js';
import { LANES, LEAK_SHARES, type LeakHalf, SHARES } from './leak-shares.js';

/** Columns that a thread tests at a time. */
const COLUMNS_AT_ONCE = 256;
/** Rows that are looked at, evenly spread: enough to tell a share of 25 % from none, and cheap. */
const MOST_ROWS = 8192;

export interface LeakInput {
  readonly matrix: BinnedMatrix;
  /** Columns to test. */
  readonly candidates: readonly number[];
  /** Ordinal of every row's bar. */
  readonly bar: Int32Array;
  /** Leading rows that may be looked at; their labels must not reach into later ones. */
  readonly rows: number;
  readonly targetWindow: number;
  readonly targets: readonly PairTarget[];
}

/** What the targets of a pair say of its features; reasons by matrix column. */
export interface PairLeaks {
  /** Features that must hold future values of some horizon: refused for all. */
  readonly refused: ReadonlyMap<number, LeakReason>;
  /** Others that say more of the unknown part of some target than honest features do. */
  readonly suspicious: ReadonlyMap<number, ShareSuspicion>;
}

/**
 * Tests features against all targets of the pair, whichever horizon is learned: what gives away one target says
 * much of its neighbours. Of each target four things are looked at: value and sign of the whole, and value and sign of
 * the part that is not known at the row, of which a copy of the whole alone explains too little to be noticed (a third at
 * horizon 15 of 45).
 *
 * @throws CancelledError
 */
export function pairLeaks(
  input: LeakInput,
  pool: WorkPool = callingThread,
  hooks: ProgressHooks = {},
): PairLeaks {
  const { matrix, candidates, targets, targetWindow } = input;
  const scope = new ArenaScope(new Arena(matrix.memory));
  try {
    const placed = targets.map((target) => placeHalves(target, input, scope));
    const pieces = pieceRanges(candidates.length, COLUMNS_AT_ONCE).map(([from, to]) =>
      candidates.slice(from, to),
    );
    const shares = pool.compute(LEAK_SHARES, { matrix: matrix.handle, targets: placed }, pieces, hooks);
    const refused = new Map<number, LeakReason>();
    const suspicious = new Map<number, ShareSuspicion>();
    pieces.forEach((columns, piece) => {
      columns.forEach((column, k) => {
        const own = targets.map((target, t) =>
          readShares(target, shares[piece]!.subarray(SHARES * (k * targets.length + t))),
        );
        const leak = leakReason(own, targetWindow);
        const suspicion = suspicionReason(own);
        if (leak !== undefined) refused.set(column, leak);
        else if (suspicion !== undefined) suspicious.set(column, suspicion);
      });
    });
    return { refused, suspicious };
  } finally {
    scope.release();
  }

  function readShares({ horizon, knownPart }: PairTarget, found: Float64Array): TargetShares {
    const [value, sign, unknown, unknownSign] = found as unknown as [number, number, number, number];
    // Without the known part of an overlapping target, what is not known is not in the data.
    const told = horizon >= targetWindow || knownPart !== null;
    return {
      horizon,
      value,
      sign,
      unknown: told ? unknown : 0,
      unknownSign: told ? unknownSign : 0,
    };
  }
}

/** Two halves in time of the rows that have the target; no label of one reaches into those of the other. */
function placeHalves(target: PairTarget, input: LeakInput, scope: ArenaScope): readonly [LeakHalf, LeakHalf] {
  const { bar, targetWindow } = input;
  const geometry = { horizon: target.horizon, targetWindow };
  const rows = usableRows(target, input, geometry);
  const middle = rows.length >> 1;
  const end = middle > 0 ? spanEnd(bar[rows[middle - 1]!]!, geometry) : 0;
  const later = rows.slice(middle).filter((row) => spanStart(bar[row]!, geometry) > end);
  const place = (half: readonly number[]) => placeHalf(half, target, { bar, geometry }, scope);
  return [place(rows.slice(0, middle)), place(later)];
}

function usableRows(
  { target, knownPart }: PairTarget,
  { bar, rows }: LeakInput,
  geometry: LabelGeometry,
): number[] {
  const limit = rows < bar.length ? spanStart(bar[rows]!, geometry) : Number.POSITIVE_INFINITY;
  const usable: number[] = [];
  for (let row = 0; row < rows; row++) {
    const isKnown = knownPart === null || Number.isFinite(knownPart[row]);
    if (Number.isFinite(target[row]) && isKnown && spanEnd(bar[row]!, geometry) < limit) usable.push(row);
  }
  const step = Math.max(1, Math.ceil(usable.length / MOST_ROWS));
  return usable.filter((_, k) => k % step === 0);
}

interface HalfPlace {
  readonly bar: Int32Array;
  readonly geometry: LabelGeometry;
}

function placeHalf(
  half: readonly number[],
  { target, knownPart }: PairTarget,
  { bar, geometry }: HalfPlace,
  scope: ArenaScope,
): LeakHalf {
  const { arena } = scope;
  const count = half.length;
  const rowsAt = scope.allocate(4 * count, 'rows of the leak test');
  const numbersAt = scope.allocate(8 * LANES * count, 'targets of the leak test');
  const squaresAt = scope.allocate(8 * LANES * count, 'squares of the leak test');
  arena.u32(rowsAt, count).set(half);
  const numbers = arena.f64(numbersAt, LANES * count);
  const squares = arena.f64(squaresAt, LANES * count);
  const total = { uu: 0, uk: 0, kk: 0 };
  half.forEach((row, k) => {
    const value = target[row]!;
    const known = geometry.horizon < geometry.targetWindow ? (knownPart?.[row] ?? 0) : 0;
    const unknown = value - known;
    numbers.set([unknown, known, value > 0 ? 1 : -1, unknown > 0 ? 1 : -1], LANES * k);
    squares.set([unknown * unknown, unknown * known, known * known, 0], LANES * k);
    total.uu += unknown * unknown;
    total.uk += unknown * known;
    total.kk += known * known;
  });
  const bars = count > 0 ? bar[half[count - 1]!]! - bar[half[0]!]! : 0;
  const independent = Math.min(count, bars / (geometry.horizon + geometry.targetWindow));
  return { rows: rowsAt, count, independent, numbers: numbersAt, squares: squaresAt, ...total };
}
