/** A resampling of rows: runs of neighbouring rows, which may overlap or repeat. */
export interface Resample {
  /** How often each row counts. */
  readonly multiplicity: Uint32Array;
  /** Sum over the resampled rows of the values whose {@link runningSum} this is. */
  sum(running: Float64Array): number;
}

/**
 * Sums of the values before each row, and of all as the last entry: what a run of rows sums to is then one
 * difference. NaN counts as 0.
 */
export function runningSum(value: ArrayLike<number>): Float64Array {
  const running = new Float64Array(value.length + 1);
  for (let row = 0; row < value.length; row++) {
    const own = value[row]!;
    running[row + 1] = running[row]! + (Number.isNaN(own) ? 0 : own);
  }
  return running;
}

/** Runs of rows that are drawn anew for every resampling. */
export class RowRuns implements Resample {
  readonly multiplicity: Uint32Array;
  /** First row and row after the last of every run. */
  readonly #bounds: Uint32Array;
  #runs = 0;

  /** @param most runs at most */
  constructor(rows: number, most: number) {
    this.multiplicity = new Uint32Array(rows);
    this.#bounds = new Uint32Array(2 * most);
  }

  clear(): void {
    this.#runs = 0;
    this.multiplicity.fill(0);
  }

  add(begin: number, end: number): void {
    this.#bounds[2 * this.#runs] = begin;
    this.#bounds[2 * this.#runs + 1] = end;
    this.#runs++;
    for (let row = begin; row < end; row++) this.multiplicity[row]!++;
  }

  sum(running: Float64Array): number {
    const bounds = this.#bounds;
    let sum = 0;
    for (let at = 0; at < 2 * this.#runs; at += 2) sum += running[bounds[at + 1]!]! - running[bounds[at]!]!;
    return sum;
  }
}

/** The resampling in which each row counts as often as the numbers say. */
export function resampleOf(multiplicity: ArrayLike<number>): Resample {
  const times = Array.from(multiplicity);
  const runs = new RowRuns(
    times.length,
    times.reduce((sum, own) => sum + own, 0),
  );
  times.forEach((own, row) => {
    for (let k = 0; k < own; k++) runs.add(row, row + 1);
  });
  return runs;
}
