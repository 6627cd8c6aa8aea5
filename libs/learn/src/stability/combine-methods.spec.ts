import { describe, expect, it } from 'vitest';
import { combinedOrder } from './combine-methods.js';

describe('combinedOrder', () => {
  it('takes the better of both ranks, then the other one, then the position', () => {
    const none = Number.NEGATIVE_INFINITY;
    //                 0    1    2    3    4
    const one = [9, 8, 1, 0, 2];
    const two = [none, 3, 7, 5, 6];
    // Ranks: (1, 5), (2, 4), (4, 1), (5, 3), (3, 2).
    expect(combinedOrder([Float64Array.from(one), Float64Array.from(two)])).toEqual([2, 0, 4, 1, 3]);
    expect(combinedOrder([Float64Array.of(none, 1, none, 1)])).toEqual([1, 3, 0, 2]);
  });
});
