import { describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { LEAK_VARIANTS } from '../testing/leak-variants.js';
import { LeakWorld, leakColumns } from '../testing/leak-world.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { pairLeaks } from './pair-leaks.js';

/** Told at a tenth of the rows of a real sample; `node bench/learn/leak-variants.mjs` tries all of them at 40,000. */
const PLAIN = [
  'future in noise, 24 %, from the start',
  'future in noise, 24 %, after 50 %',
  'change over 90 bars around the row',
  'centred mean of the close, 30 bars to either side',
  'rank of the close among the next 90 bars',
  'place in the range of the whole day',
  'close of the day, filled back',
  'mean of the target by six hours',
  'rare flag: rise beyond two deviations',
];
const ROWS = 8000;

describe('leak variants', () => {
  it('are thirty or more, each with a name of its own', () => {
    const names = LEAK_VARIANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(30);
  });

  it('that are plain are told at 8,000 rows, and no honest feature is', () => {
    const pair = simulatePair({ seed: 51n, rows: ROWS, spacing: 8, noiseFeatures: 20 });
    const world = new LeakWorld(pair, 6n);
    const variants = PLAIN.map((name) => LEAK_VARIANTS.find((each) => each.name === name)!);
    const columns = [...pair.features, ...variants.flatMap((variant) => leakColumns(variant, world))];
    const config = resolveLearnConfig('quick');
    const { matrix, bar, time, targets } = pair.pairInput(config, columns);
    const { refused, suspicious } = pairLeaks({
      ...{ matrix, bar, time, targets, targetWindow: 45, honestShare: config.leaks.honestShare },
      candidates: columns.map((_, column) => column),
      rows: 0.75 * ROWS,
    });
    const told = [...refused.keys(), ...suspicious.keys()].sort((a, b) => a - b);
    expect(told.map((column) => columns[column]!.id)).toEqual(PLAIN.map((name) => `leak.${name} 1`));
  }, 120_000);
});
