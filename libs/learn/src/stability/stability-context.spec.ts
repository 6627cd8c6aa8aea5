import { describe, expect, it } from 'vitest';
import { Arena } from '../kernels/arena.js';
import { binned } from '../testing/binned.js';
import { createStabilityContext, releaseStabilityContext } from './create-stability-context.js';
import { affordableBlocks, gramBytes } from './gram-bytes.js';
import { plantedData } from './planted.fixture.js';
import { estimateStabilityBytes } from './stability-bytes.js';
import { stabilitySelection } from './stability-selection.js';

const data = plantedData({ rows: 2000, columns: 300, planted: 3, share: 0.2, seed: 31n });
const matrix = binned(data.values);
const input = {
  matrix,
  candidates: data.values.map((_, column) => column),
  rows: 2000,
  bar: data.bar,
  purgeBars: 60,
};

describe('createStabilityContext', () => {
  it('is plain data over shared memory, so that another thread selects the same', () => {
    const context = createStabilityContext({ ...input, pairs: 5 });
    const select = { ...data, rows: data.allRows, seed: 1n, threshold: 0.9, maxFalse: 2 };
    const here = stabilitySelection(context, select);
    const { memory } = context.matrix;
    const copied = structuredClone({ ...context, matrix: { ...context.matrix, memory: null } });
    const there = { ...copied, matrix: { ...copied.matrix, memory } };
    expect(stabilitySelection(there, select)).toEqual(here);
    releaseStabilityContext(context);
  });

  it('takes no more memory than estimated and gives it back, also when stopped', () => {
    const arena = new Arena(matrix.memory);
    const before = arena.usedBytes();
    const size = { rows: 2000, columns: 300, blocks: 16 };
    let peak = 0;
    const context = createStabilityContext(input, {
      onProgress: () => {
        peak = Math.max(peak, arena.usedBytes() - before);
      },
    });
    expect(peak).toBeGreaterThan(gramBytes(300, 16));
    expect(peak).toBeLessThanOrEqual(estimateStabilityBytes(size));
    const select = { ...data, rows: data.allRows, seed: 1n, threshold: 0.6, maxFalse: 1 };
    let q = 0;
    const hooks = {
      onProgress: () => {
        peak = arena.usedBytes() - before;
      },
    };
    ({ q } = stabilitySelection(context, select, hooks));
    expect(peak).toBeLessThanOrEqual(estimateStabilityBytes({ ...size, q }));
    releaseStabilityContext(context);
    expect(arena.usedBytes()).toBe(before);
    expect(() => createStabilityContext(input, { isCancelled: () => true })).toThrow(/cancelled/);
    expect(arena.usedBytes()).toBe(before);
  });

  it('uses fewer blocks when memory does not allow, and says so when that is too few', () => {
    const context = createStabilityContext({ ...input, pairs: 30, gramByteLimit: gramBytes(300, 9) });
    expect(context.blocks).toHaveLength(8);
    releaseStabilityContext(context);
    expect(affordableBlocks(6477, 16, 50, 2.7e9)).toBe(16);
    expect(affordableBlocks(7000, 16, 50, 2.7e9)).toBe(16);
    expect(() => affordableBlocks(16988, 16, 50, 2.7e9)).toThrow(
      /16988 columns x 16988 x 2 bytes x 16 blocks = \d+ bytes of Gram matrices; 2700000000 bytes hold 4 blocks, which make 3 different pairs of 50 wanted/,
    );
  });

  it('refuses an empty list of candidates', () => {
    expect(() => createStabilityContext({ ...input, candidates: [] })).toThrow(/at least one candidate/);
  });
});
