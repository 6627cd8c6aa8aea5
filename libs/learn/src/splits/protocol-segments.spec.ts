import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { developmentRows, finalSegmentStart } from './development-rows.js';
import { spanEnd, spanStart } from './label-span.js';
import { protocolSegments } from './protocol-segments.js';

const count = (rows: number) => Uint32Array.from({ length: rows }, (_, row) => row);

describe('developmentRows', () => {
  const config = {
    protocol: { ...resolveLearnConfig('standard').protocol, purgeBars: 20, finalShare: 0.25 },
  };

  it('ends the purge before the final segment, in bars', () => {
    // Final segment: rows 75.. at bars 750..; rows before bar 730 remain.
    const sampled = Int32Array.from(count(100), (row) => 10 * row);
    expect(finalSegmentStart(100, config)).toBe(75);
    expect(developmentRows(sampled, config)).toBe(73);
    expect(developmentRows(Int32Array.from(count(100)), config)).toBe(55);
  });

  it('refuses bars out of order and samples that are all purge', () => {
    expect(() => developmentRows(Int32Array.of(0, 2, 2, 3), config)).toThrow(/row 2 has 2 after 2/);
    expect(() => developmentRows(Int32Array.from(count(20)), config)).toThrow(/no development row/);
  });
});

describe('protocolSegments', () => {
  const { protocol } = resolveLearnConfig('quick');

  it('never lets fitted and scored labels share a bar, for any sample, horizon, scheme and embargo', () => {
    const inputs = fc.record({
      steps: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 400, maxLength: 500 }),
      horizon: fc.constantFrom(15, 30, 45, 105),
      scheme: fc.constantFrom('expanding' as const, 'rolling' as const),
      embargoBars: fc.constantFrom(0, 25),
    });
    fc.assert(
      fc.property(inputs, ({ steps, horizon, scheme, embargoBars }) => {
        let ordinal = 0;
        const bar = Int32Array.from(steps, (step) => {
          ordinal += step;
          return ordinal;
        });
        const geometry = { horizon, targetWindow: 45 };
        const usable = count(bar.length - 3);
        const segments = protocolSegments({
          bar,
          geometry,
          usable,
          config: { protocol: { ...protocol, scheme, embargoBars } },
        });
        const clear = (fitted: Uint32Array, scored: Uint32Array) => {
          const last = spanEnd(bar[fitted.at(-1)!]!, geometry);
          expect(last + embargoBars).toBeLessThan(spanStart(bar[scored[0]!]!, geometry));
        };
        clear(segments.development, segments.final);
        clear(segments.selection, segments.folds[0]!.test);
        for (const { train, test } of segments.folds) clear(train, test);
        expect(segments.final.at(-1)).toBe(bar.length - 4);
        expect(segments.purgedRows).toBe(usable.length - segments.development.length - segments.final.length);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps locked rows out of everything, and scores the same models on them when it is asked to', () => {
    const bar = Int32Array.from(count(2000), (row) => 7 * row);
    const geometry = { horizon: 60, targetWindow: 45 };
    const cut = (settings: Partial<typeof protocol>) =>
      protocolSegments({
        bar,
        geometry,
        usable: count(1990),
        config: { protocol: { ...protocol, ...settings } },
      });
    const locked = cut({ lockedShare: 0.2 });
    const last = locked.final.at(-1)!;
    expect(spanEnd(bar[last]!, geometry)).toBeLessThan(spanStart(bar[1600]!, geometry));
    expect(locked.final[0]).toBe(1200);
    const unlocked = cut({ lockedShare: 0.2, score: 'locked' });
    expect(unlocked.final).toEqual(Uint32Array.from({ length: 390 }, (_, k) => 1600 + k));
    expect({ ...unlocked, final: 0, purgedRows: 0 }).toEqual({ ...locked, final: 0, purgedRows: 0 });
  });

  it('says which horizon has no rows', () => {
    const bar = Int32Array.from(count(600), (row) => 5 * row);
    const geometry = { horizon: 15, targetWindow: 45 };
    const config = { protocol };
    expect(() => protocolSegments({ bar, geometry, usable: count(300), config })).toThrow(
      /horizon 15 has no row with a target in the final segment/,
    );
    expect(() => protocolSegments({ bar, geometry, usable: Uint32Array.of(599), config })).toThrow(
      /horizon 15 has no development row/,
    );
  });
});
