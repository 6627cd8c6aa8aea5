import { describe, expect, it } from 'vitest';
import { CancelledError } from '../errors/cancelled-error.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { BOOSTED_GAIN } from '../selection/boosted-frequencies.js';
import { plantedData } from '../stability/planted.fixture.js';
import { binned } from '../testing/binned.js';
import { createWorkPool } from './thread-pool.js';

const data = plantedData({ rows: 600, columns: 12, planted: 2, share: 0.3, seed: 51n });
const matrix = binned(data.values);
const shared = {
  matrix: matrix.handle,
  candidates: data.values.map((_, column) => column),
  target: data.target,
  trains: [data.allRows],
  seed: 3n,
};
const pieces = Array.from({ length: 6 }, (_, draw) => ({ fold: 0, draw }));

describe('createWorkPool', () => {
  it('refuses a number of threads that makes no sense', () => {
    for (const threads of [0, 1.5, 65]) {
      expect(() => createWorkPool(threads)).toThrow(/threads must be a whole number from 1 to 64/);
    }
  });

  it('returns results in the order of the pieces, again and again, also after it was closed', () => {
    const alone = createWorkPool(1).compute(BOOSTED_GAIN, shared, pieces, {});
    const pool = createWorkPool(3);
    expect(pool.compute(BOOSTED_GAIN, shared, pieces, {})).toEqual(alone);
    expect(pool.compute(BOOSTED_GAIN, shared, pieces.toReversed(), {})).toEqual(alone.toReversed());
    pool.close();
    expect(pool.compute(BOOSTED_GAIN, shared, pieces, {})).toEqual(alone);
    pool.close();
  });

  it.each([1, 2])('throws what a piece throws, by class and name, and works on (%d threads)', (threads) => {
    const pool = createWorkPool(threads);
    const broken = { ...shared, trains: [Uint32Array.of(1, 2, 100_000)] };
    expect(() => pool.compute(BOOSTED_GAIN, broken, pieces, {})).toThrow(LearnInputError);
    expect(() => pool.compute(BOOSTED_GAIN, broken, pieces, {})).toThrow(/row 100000 is not one/);
    expect(pool.compute(BOOSTED_GAIN, shared, pieces, {})).toHaveLength(6);
    pool.close();
  });

  it.each([1, 2])('stops between trees (%d threads)', (threads) => {
    const pool = createWorkPool(threads);
    let asked = 0;
    const hooks = { isCancelled: () => ++asked > 5 };
    expect(() => pool.compute(BOOSTED_GAIN, shared, pieces, hooks)).toThrow(CancelledError);
    pool.close();
  });

  it('fails at once when a thread dies, says why, and works on with a new one', () => {
    const pool = createWorkPool(2, { heapMegabytes: 24 });
    // Work enough for minutes, and objects that the other thread gets copies of: more than its heap may hold.
    const many = Array.from({ length: 2000 }, () => pieces).flat();
    const heavy = { ...shared, ballast: Array.from({ length: 600_000 }, (_, k) => ({ k, text: `${k}` })) };
    expect(() => pool.compute(BOOSTED_GAIN, heavy, many, {})).toThrow(
      /a helper thread ended during boosted-gain: .*(memory limit|out of memory).*ERR_WORKER_OUT_OF_MEMORY/,
    );
    const alone = createWorkPool(1).compute(BOOSTED_GAIN, shared, pieces, {});
    expect(pool.compute(BOOSTED_GAIN, shared, pieces, {})).toEqual(alone);
    pool.close();
  });

  it('has nothing to do for no piece', () => {
    expect(createWorkPool(2).compute(BOOSTED_GAIN, shared, [], {})).toEqual([]);
  });
});
