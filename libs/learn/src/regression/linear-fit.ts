/** A linear function of design columns: intercept + sum of coefficient * column. */
export interface LinearFit {
  readonly intercept: number;
  readonly coefficients: Float64Array;
}

/** Values of the linear function at `rows`, plus `offset` (indexed by row number) where given. */
export function predictLinear(
  fit: LinearFit,
  columns: readonly Float64Array[],
  rows: Uint32Array,
  offset?: Float64Array,
): Float64Array {
  const result = Float64Array.from(rows, (row) => fit.intercept + (offset ? offset[row]! : 0));
  columns.forEach((column, j) => {
    const coefficient = fit.coefficients[j]!;
    if (coefficient === 0) return;
    for (let k = 0; k < rows.length; k++) result[k]! += coefficient * column[rows[k]!]!;
  });
  return result;
}

/** Columns gathered at `rows`, with a leading column of ones for the intercept. */
export function gatherWithIntercept(columns: readonly Float64Array[], rows: Uint32Array): Float64Array[] {
  const ones = new Float64Array(rows.length).fill(1);
  return [ones, ...columns.map((column) => Float64Array.from(rows, (row) => column[row]!))];
}

/** X' diag(weight) X as a full square matrix, row-major; weight 1 when not given. */
export function weightedGram(x: readonly Float64Array[], weight?: Float64Array): Float64Array {
  const size = x.length;
  const gram = new Float64Array(size * size);
  const scaled = new Float64Array(x[0]!.length);
  for (let i = 0; i < size; i++) {
    const xi = x[i]!;
    for (let row = 0; row < scaled.length; row++) scaled[row] = weight ? xi[row]! * weight[row]! : xi[row]!;
    for (let j = 0; j <= i; j++) {
      const value = dot(scaled, x[j]!);
      gram[i * size + j] = value;
      gram[j * size + i] = value;
    }
  }
  return gram;
}

/** Inner product in four partial sums, which keeps the processor's adders busy and the rounding small. */
export function dot(a: Float64Array, b: Float64Array): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  const whole = a.length - (a.length % 4);
  for (let row = 0; row < whole; row += 4) {
    s0 += a[row]! * b[row]!;
    s1 += a[row + 1]! * b[row + 1]!;
    s2 += a[row + 2]! * b[row + 2]!;
    s3 += a[row + 3]! * b[row + 3]!;
  }
  for (let row = whole; row < a.length; row++) s0 += a[row]! * b[row]!;
  return s0 + s1 + (s2 + s3);
}
