import type { OpenDataset } from '@onescan/dataset/dataset.js';
import type { FeatureValues } from '@onescan/dataset/feature-values.js';
import {
  MINUTE_MS,
  START_MS,
  WIDE_HORIZONS,
  type WideShape,
  wideCell,
  wideTables,
  wideTarget,
} from './wide-shape.js';

/**
 * Compares every key, target and cell of the first pair's dataset, which samples all its rows, with what the warehouse
 * was made of.
 *
 * @returns how many cells of features were compared
 * @throws Error naming the first difference
 */
export async function checkWideDataset(dataset: OpenDataset, shape: WideShape): Promise<number> {
  const { time, bar } = await dataset.readKeys();
  requireSame(time.length, shape.rows, 'rows');
  time.forEach((t, row) => {
    requireSame(t, START_MS + row * MINUTE_MS, `key of row ${row}`);
    requireSame(bar[row]!, row, `bar of row ${row}`);
  });
  for (const horizon of WIDE_HORIZONS) {
    const values = await dataset.readTarget(horizon);
    values.forEach((v, row) => {
      requireSame(v, wideTarget(horizon, row), `target ${horizon} of row ${row}`);
    });
  }
  const firsts = new Map(wideTables(shape).map(({ name, first }) => [name, first]));
  const numbers = dataset.included.map(({ featureId }) => numberOf(featureId, firsts));
  requireSame(new Set(numbers).size, shape.columns, 'features');
  let cells = 0;
  await dataset.readFeatures((position, values) => {
    requireColumn(values, numbers[position]!);
    cells += values.length;
  });
  return cells;
}

/** "f001_eurusd.c2" → the number of that column in the universe. */
function numberOf(featureId: string, firsts: ReadonlyMap<string, number>): number {
  const [table = '', column = ''] = featureId.split('.');
  return firsts.get(table)! + Number(column.slice(1));
}

function requireColumn(values: FeatureValues, column: number): void {
  for (let row = 0; row < values.length; row++) {
    const wanted = Math.fround(wideCell(column, row));
    if (values[row] === wanted || (Number.isNaN(wanted) && Number.isNaN(values[row]))) continue;
    requireSame(values[row]!, wanted, `column ${column} of row ${row}`);
  }
}

function requireSame(found: number, wanted: number, what: string): void {
  if (found !== wanted) throw new Error(`${what}: ${found} where ${wanted} was made up`);
}
