import { seededRandom } from '../numeric/seeded-random.js';

export interface PlantedInput {
  rows: number;
  columns: number;
  /** Columns 0..planted-1 enter the target linearly. */
  planted: number;
  /** Column `planted` enters through its square when true. */
  curved?: boolean;
  /** Share of the target's variance that the planted columns explain. */
  share: number;
  seed: bigint;
}

export interface Planted {
  values: Float32Array[];
  target: Float64Array;
  bar: Int32Array;
  allRows: Uint32Array;
}

/** Features with common factors and some missing values, and a target made of the first of them. */
export function plantedData({ rows, columns, planted, curved, share, seed }: PlantedInput): Planted {
  const random = seededRandom(seed);
  const values = Array.from({ length: columns }, () => new Float32Array(rows));
  const target = new Float64Array(rows);
  const causes = planted + (curved ? 1 : 0);
  const weight = causes === 0 ? 0 : Math.sqrt(share / causes);
  for (let row = 0; row < rows; row++) {
    const factors = [random.normal(), random.normal(), random.normal(), random.normal()];
    let signal = 0;
    for (let column = 0; column < columns; column++) {
      const value = 0.5 * factors[column % 4]! + Math.sqrt(0.75) * random.normal();
      if (column < planted) signal += weight * value;
      else if (column === planted && curved) signal += (weight * (value * value - 1)) / Math.SQRT2;
      values[column]![row] = column % 7 === 6 && random.next() < 0.1 ? Number.NaN : value;
    }
    target[row] = signal + Math.sqrt(1 - share) * random.normal();
  }
  return {
    values,
    target,
    bar: Int32Array.from({ length: rows }, (_, row) => row * 10),
    allRows: Uint32Array.from({ length: rows }, (_, row) => row),
  };
}
