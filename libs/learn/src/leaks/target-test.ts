import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { PairTarget } from '../data/pair-target.js';
import type { Arena } from '../kernels/arena.js';
import type { ArenaScope } from '../kernels/arena-scope.js';
import { seededRandom, subseed } from '../numeric/seeded-random.js';
import { type ProgressHooks, partOf } from '../progress/progress-hooks.js';
import { pieceRanges } from '../threads/piece-ranges.js';
import type { WorkPool } from '../threads/work-pool.js';
import { LANES, LEAK_SHARES, type LeakHalf, type LeakTotals, SHARES, spansOf } from './leak-shares.js';
import type { LeakWindow, WindowHalf } from './leak-windows.js';

/** Columns that a thread tests at a time. */
const COLUMNS_AT_ONCE = 256;

export interface TargetTestInput {
  readonly matrix: BinnedMatrix;
  readonly targetWindow: number;
  readonly target: PairTarget;
  readonly windows: readonly LeakWindow[];
}

/** One target in windows of time, laid out for the leak test, and shadows of it. */
export class TargetTest {
  /** Windows and, where there are several, the whole: the last one. */
  readonly spans: number;
  readonly #input: TargetTestInput;
  readonly #arena: Arena;
  readonly #placed: readonly (readonly [LeakHalf, LeakHalf])[];
  readonly #shadow: readonly (readonly [LeakHalf, LeakHalf])[];

  /** @param scope frees what is allocated here */
  constructor(input: TargetTestInput, scope: ArenaScope) {
    this.#input = input;
    this.#arena = scope.arena;
    this.spans = spansOf(input.windows);
    this.#placed = input.windows.map(({ halves }) => pairOf(halves, (half) => this.#place(half, scope)));
    this.#shadow = this.#placed.map((halves) => pairOf(halves, (half) => withOwnNumbers(half, scope)));
  }

  /** Shares of the target that each column explains, [column][span][share]; @throws CancelledError */
  shares(columns: readonly number[], pool: WorkPool, hooks: ProgressHooks): Float64Array {
    return this.#compute(this.#placed, columns, pool, hooks);
  }

  /**
   * What chance reaches: shares of shadows of the target, whose unknown part has its sign flipped at random piece
   * by piece. A shadow keeps its size, volatility and dependence in time, and nothing can foretell it.
   *
   * @returns by shadow: [column][span][share]; shares of the whole target are those of the shadow too
   * @throws CancelledError
   */
  shadowShares(
    columns: readonly number[],
    shadows: number,
    pool: WorkPool,
    hooks: ProgressHooks,
  ): Float64Array[] {
    return Array.from({ length: shadows }, (_, k) => {
      this.#flip(k);
      const part = partOf(hooks, k / shadows, (k + 1) / shadows);
      return this.#compute(this.#shadow, columns, pool, part);
    });
  }

  #compute(
    windows: readonly (readonly [LeakHalf, LeakHalf])[],
    columns: readonly number[],
    pool: WorkPool,
    hooks: ProgressHooks,
  ): Float64Array {
    const pieces = pieceRanges(columns.length, COLUMNS_AT_ONCE).map(([from, to]) => columns.slice(from, to));
    const found = pool.compute(LEAK_SHARES, { matrix: this.#input.matrix.handle, windows }, pieces, hooks);
    const size = SHARES * this.spans;
    const shares = new Float64Array(columns.length * size);
    found.forEach((part, piece) => {
      shares.set(part, piece * COLUMNS_AT_ONCE * size);
    });
    return shares;
  }

  #place({ rows, independent }: WindowHalf, scope: ArenaScope): LeakHalf {
    const count = rows.length;
    const at = scope.allocate(4 * count, 'rows of the leak test');
    this.#arena.u32(at, count).set(rows);
    const half = withOwnNumbers(
      { rows: at, count, independent, numbers: 0, squares: 0, ...NO_TOTALS },
      scope,
    );
    return { ...half, ...this.#write(half, rows, () => 1) };
  }

  /** Lays the shadow out anew. */
  #flip(shadow: number): void {
    const { windows, target } = this.#input;
    const random = seededRandom(subseed(SHADOW_SEED, target.horizon, shadow));
    const signs = new Map<number, number>();
    const signOf = (piece: number) => {
      const sign = signs.get(piece) ?? (random.next() < 0.5 ? -1 : 1);
      signs.set(piece, sign);
      return sign;
    };
    windows.forEach(({ halves }, window) => {
      halves.forEach(({ rows, pieces }, half) => {
        const placed = this.#shadow[window]![half]!;
        Object.assign(
          placed,
          this.#write(placed, rows, (k) => signOf(pieces[k]!)),
        );
      });
    });
  }

  #write(
    { numbers: numbersAt, squares: squaresAt, count }: LeakHalf,
    rows: readonly number[],
    signOf: (position: number) => number,
  ): Pick<LeakTotals, 'uu' | 'uk' | 'kk'> {
    const { target, targetWindow } = this.#input;
    const numbers = this.#arena.f64(numbersAt, LANES * count);
    const squares = this.#arena.f64(squaresAt, LANES * count);
    const totals = { uu: 0, uk: 0, kk: 0 };
    rows.forEach((row, k) => {
      const known = target.horizon < targetWindow ? (target.knownPart?.[row] ?? 0) : 0;
      const unknown = signOf(k) * (target.target[row]! - known);
      const at = LANES * k;
      numbers[at] = unknown;
      numbers[at + 1] = known;
      numbers[at + 2] = known + unknown > 0 ? 1 : -1;
      numbers[at + 3] = unknown > 0 ? 1 : -1;
      squares[at] = unknown * unknown;
      squares[at + 1] = unknown * known;
      squares[at + 2] = known * known;
      squares[at + 3] = 0;
      totals.uu += unknown * unknown;
      totals.uk += unknown * known;
      totals.kk += known * known;
    });
    return totals;
  }
}

const SHADOW_SEED = 20_071n;
const NO_TOTALS = { uu: 0, uk: 0, kk: 0 };

function withOwnNumbers(half: LeakHalf, scope: ArenaScope): LeakHalf {
  const bytes = 8 * LANES * half.count;
  const numbers = scope.allocate(bytes, 'targets of the leak test');
  return { ...half, numbers, squares: scope.allocate(bytes, 'squares of the leak test') };
}

function pairOf<From, To>(halves: readonly [From, From], make: (half: From) => To): [To, To] {
  return [make(halves[0]), make(halves[1])];
}
