import { afterAll, describe, expect, it } from 'vitest';
import { binned } from '../testing/binned.js';
import { createStabilityContext, releaseStabilityContext } from './create-stability-context.js';
import { leadingBlocks } from './leading-blocks.js';
import { plantedData } from './planted.fixture.js';
import { stabilitySelection } from './stability-selection.js';

const data = plantedData({ rows: 2400, columns: 60, planted: 3, share: 0.3, seed: 31n });
const context = createStabilityContext({
  matrix: binned(data.values),
  candidates: data.values.map((_, column) => column),
  rows: 2400,
  bar: data.bar,
  purgeBars: 60,
});
afterAll(() => releaseStabilityContext(context));

describe('leadingBlocks', () => {
  it('is an even number of whole blocks, with as many pairs as they make', () => {
    const leading = leadingBlocks(context, 1000, 0.6)!;
    expect(leading.blocks).toEqual(context.blocks.slice(0, 6));
    expect(leading).toMatchObject({ pairs: 10, rows: context.blocks[5]!.end });
    expect(leadingBlocks(context, 1300, 0.6)).toMatchObject({ pairs: 35 });
  });

  it('is the whole where all blocks lie before, and nothing where pairs are too few for the threshold', () => {
    expect(leadingBlocks(context, 2400, 0.6)).toBe(context);
    expect(leadingBlocks(context, 700, 0.6)).toBeUndefined();
    expect(leadingBlocks(context, 100, 0.9)).toBeUndefined();
    expect(leadingBlocks(context, 700, 0.9)).toMatchObject({ pairs: 3 });
  });

  it('finds what was planted, without a look at later rows', () => {
    const leading = leadingBlocks(context, 1300, 0.6)!;
    const select = (target: Float64Array) =>
      stabilitySelection(leading, {
        ...data,
        rows: data.allRows.filter((row) => row < leading.rows),
        target,
        seed: 1n,
        threshold: 0.6,
        maxFalse: 1,
      });
    const found = select(data.target);
    expect(found.selected.length).toBeGreaterThan(0);
    const later = data.target.map((value, row) => (row < leading.rows ? value : -value));
    expect(select(later)).toEqual(found);
  });
});
