import { describe, expect, it } from 'vitest';
import { standardisedTable, TABLE_LIMIT } from './standardised-table.js';

function table(representatives: number[], counts: number[]): number[] {
  const into = new Int16Array(representatives.length);
  standardisedTable(Float64Array.from(representatives), counts, into);
  return Array.from(into);
}

describe('standardisedTable', () => {
  it('standardises over the counted rows and puts missing rows at the mean', () => {
    expect(table([Number.NaN, 10, 30], [7, 5, 5])).toEqual([0, -256, 256]);
    expect(table([Number.NaN, 10, Number.NaN, 30], [0, 5, 0, 5])).toEqual([0, -256, 0, 256]);
  });

  it('limits outliers to 8 deviations', () => {
    expect(table([Number.NaN, 0, 1], [0, 100000, 1])[2]).toBe(TABLE_LIMIT);
  });

  it('is zero for a column without variance', () => {
    expect(table([Number.NaN, 5, Number.NaN], [3, 10, 0])).toEqual([0, 0, 0]);
    expect(table([Number.NaN, 1e6, 1e6], [3, 10, 10])).toEqual([0, 0, 0]);
  });
});
