/**
 * The formulas of docs/warehouse.md computed the plain way, row by row from the definition, to check the SQL against.
 * Every function takes the last row `t` of a window; values before the first row are NaN.
 */

export type Line = Float64Array;

export const windowOf = (x: Line, t: number, w: number): number[] =>
  t - w + 1 < 0 ? [] : Array.from(x.subarray(t - w + 1, t + 1));

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Sample standard deviation. */
export function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1));
}

/** 100 (x[t] - x[t-w]) / x[t-w]. */
export const bqx = (close: Line, t: number, w: number): number =>
  t < w || t >= close.length ? Number.NaN : (100 * (close[t]! - close[t - w]!)) / close[t - w]!;

/** One-bar changes of the window's w rows, the first of which needs the row before. */
export const changes = (x: Line, t: number, w: number): number[] =>
  t < w ? [] : windowOf(x, t, w).map((value, i) => value - x[t - w + i]!);

export function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const dot = sum(a.map((value, i) => (value - ma) * (b[i]! - mb)));
  return dot / Math.sqrt(sum(a.map((v) => (v - ma) ** 2)) * sum(b.map((v) => (v - mb) ** 2)));
}

export interface Parabola {
  /** Value, slope and half curvature at the window's last row; rows count from there. */
  readonly value: number;
  readonly slope: number;
  readonly curvature: number;
  readonly residuals: number[];
}

/** Least squares of the window on 1, u, u^2 by Gaussian elimination of the normal equations, u scaled to [-1, 0]. */
export function fitPolynomial(values: readonly number[], degree: number): Parabola {
  const w = values.length;
  const powers = values.map((_, i) =>
    Array.from({ length: degree + 1 }, (_unused, j) => ((i - w + 1) / w) ** j),
  );
  const middle = mean(values);
  const system = Array.from({ length: degree + 1 }, (_, row) => [
    ...Array.from({ length: degree + 1 }, (_unused, column) => sum(powers.map((p) => p[row]! * p[column]!))),
    sum(powers.map((p, i) => p[row]! * (values[i]! - middle))),
  ]);
  const [a, b, c] = solve(system);
  const residuals = values.map(
    (value, i) => value - middle - sum(powers[i]!.map((power, j) => power * [a, b ?? 0, c ?? 0][j]!)),
  );
  return { value: middle + a!, slope: (b ?? 0) / w, curvature: (c ?? 0) / (w * w), residuals };
}

/** Solves the augmented system by elimination with pivoting. */
function solve(system: number[][]): number[] {
  const n = system.length;
  for (let column = 0; column < n; column++) {
    const pivot = system
      .slice(column)
      .reduce((best, row) => (Math.abs(row[column]!) > Math.abs(best[column]!) ? row : best));
    system.splice(system.indexOf(pivot), 1);
    system.splice(column, 0, pivot);
    for (const row of system) {
      if (row === pivot) continue;
      const factor = row[column]! / pivot[column]!;
      for (let i = column; i <= n; i++) row[i]! -= factor * pivot[i]!;
    }
  }
  return system.map((row, i) => row[n]! / row[i]!);
}
