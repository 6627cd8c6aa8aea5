import type { PairTarget } from '../data/pair-target.js';
import { seededRandom, subseed } from '../numeric/seeded-random.js';
import type { LeakEvidence } from './leak-limits.js';
import type { LeakWindow, WindowHalf } from './leak-windows.js';
import { nullLimit } from './null-limit.js';

export interface TablePanel {
  /** Bins of a matrix column, a byte a row; 0 is missing. */
  readonly readColumn: (column: number) => Uint8Array;
  readonly bins: number;
  readonly columns: readonly number[];
  readonly target: PairTarget;
  readonly targetWindow: number;
  readonly windows: readonly LeakWindow[];
  /** Largest share of the unknown part that honest features explain together. */
  readonly honestShare: number;
  /** Probability with which a panel without a leak may be called suspicious. */
  readonly falseAlarm: number;
}

/** Shadows that show what chance reaches. */
const SHADOWS = 128;
const SHADOW_SEED = 20_072n;

/**
 * What the columns of a table explain of the unknown part of a target together, out of sample: each weighted by its own covariance
 * with it in one half of the blocks, the sum held against the other half. Many columns that tell a little each,
 * none of which could be told by itself, are found so. Curved effects are not seen.
 *
 * @returns the evidence when they explain more than honest features and more than chance does; else undefined
 */
export function tablePanel(panel: TablePanel): LeakEvidence | undefined {
  const { target, honestShare, falseAlarm } = panel;
  const halves = [0, 1].map((side) =>
    summed(
      panel,
      panel.windows.map((window) => window.halves[side]!).filter(({ rows }) => rows.length > 0),
    ),
  );
  const [first, second] = halves as [PanelHalf, PanelHalf];
  if (first.squares === 0 || second.squares === 0) return undefined;
  const told = correlation(first, second, () => 1);
  if (told ** 2 < honestShare || told < 0) return undefined;
  const shadows = Float64Array.from({ length: SHADOWS }, (_, shadow) => {
    const random = seededRandom(subseed(SHADOW_SEED, target.horizon, shadow));
    const signs = new Map<number, number>();
    return correlation(first, second, (piece) => {
      const sign = signs.get(piece) ?? (random.next() < 0.5 ? -1 : 1);
      signs.set(piece, sign);
      return sign;
    });
  });
  const chance = Math.max(0, nullLimit(shadows, falseAlarm));
  const limit = Math.max(honestShare, chance ** 2);
  if (told ** 2 < limit) return undefined;
  const common = { part: 'unknown', horizon: target.horizon, window: null, refuses: false } as const;
  return { ...common, share: told ** 2, limit, columns: panel.columns.length };
}

/** What is needed of a half to weight columns by it, and to score such weights on it, whatever the signs of its pieces. */
interface PanelHalf {
  /** Products of columns and target by piece of time: [column]. */
  readonly pieces: ReadonlyMap<number, Float64Array>;
  /** Products of columns with each other, [column][column]. */
  readonly gram: Float64Array;
  /** Sum of squares of the target. */
  readonly squares: number;
}

/** Mean correlation of a half's target with the columns as the other half weights them. */
function correlation(first: PanelHalf, second: PanelHalf, signOf: (piece: number) => number): number {
  const [a, b] = [first, second].map(({ pieces }) => added(pieces, signOf)) as [Float64Array, Float64Array];
  return (scored(a, b, second) + scored(b, a, first)) / 2;
}

function scored(weights: Float64Array, products: Float64Array, { gram, squares }: PanelHalf): number {
  const count = weights.length;
  let told = 0;
  let square = 0;
  for (let i = 0; i < count; i++) {
    told += weights[i]! * products[i]!;
    let sum = 0;
    for (let j = 0; j < count; j++) sum += gram[i * count + j]! * weights[j]!;
    square += weights[i]! * sum;
  }
  return square > 0 ? told / Math.sqrt(square * squares) : 0;
}

function added(pieces: ReadonlyMap<number, Float64Array>, signOf: (piece: number) => number): Float64Array {
  let sum = new Float64Array();
  for (const [piece, products] of pieces) {
    if (sum.length === 0) sum = new Float64Array(products.length);
    const sign = signOf(piece);
    for (let k = 0; k < products.length; k++) sum[k]! += sign * products[k]!;
  }
  return sum;
}

function summed(panel: TablePanel, parts: readonly WindowHalf[]): PanelHalf {
  const rows = parts.flatMap((part) => part.rows);
  const ofPiece = parts.flatMap((part) => part.pieces);
  const unknown = unknownOf(panel, rows);
  const scores = panel.columns.map((column) => scoresOf(panel, column, rows));
  const count = scores.length;
  const pieces = new Map<number, Float64Array>();
  rows.forEach((_row, k) => {
    const sums = pieces.get(ofPiece[k]!) ?? new Float64Array(count);
    pieces.set(ofPiece[k]!, sums);
    for (let column = 0; column < count; column++) sums[column]! += scores[column]![k]! * unknown[k]!;
  });
  const gram = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      const product = dot(scores[i]!, scores[j]!);
      gram[i * count + j] = product;
      gram[j * count + i] = product;
    }
  }
  return { pieces, gram, squares: dot(unknown, unknown) };
}

function unknownOf({ target, targetWindow }: TablePanel, rows: readonly number[]): Float64Array {
  const known = target.horizon < targetWindow ? target.knownPart : null;
  const values = Float64Array.from(rows, (row) => target.target[row]! - (known?.[row] ?? 0));
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return values.map((value) => value - mean);
}

/** Ranks, spread over (-1, 1), with mean 0 and variance 1 over the rows that have a value; 0 where there is none. */
function scoresOf({ readColumn, bins }: TablePanel, column: number, rows: readonly number[]): Float64Array {
  const all = readColumn(column);
  const counts = new Float64Array(bins);
  for (const row of rows) counts[all[row]!]!++;
  const present = rows.length - counts[0]!;
  const ranks = new Float64Array(bins);
  let below = 0;
  let square = 0;
  for (let bin = 1; bin < bins; bin++) {
    ranks[bin] = (2 * below + counts[bin]!) / Math.max(1, present) - 1;
    below += counts[bin]!;
    square += counts[bin]! * ranks[bin]! ** 2;
  }
  const deviation = Math.sqrt(square / Math.max(1, present)) || 1;
  return Float64Array.from(rows, (row) => ranks[all[row]!]! / deviation);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
