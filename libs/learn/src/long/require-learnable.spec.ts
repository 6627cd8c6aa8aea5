import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PairLearner } from '../learner/pair-learner.js';
import { requireLearnable } from '../sizing/require-learnable.js';
import { briefConfig, pairWith } from '../testing/gappy-pair.js';

const OVERRIDES = fc.constantFrom<Record<string, string>>(
  {},
  { 'protocol.folds': '6' },
  { 'protocol.scheme': 'rolling' },
  { 'protocol.scheme': 'combinatorial', 'protocol.folds': '4' },
  { 'protocol.embargoBars': '60' },
  { 'protocol.finalShare': '0.5', 'protocol.selectionShare': '0.1' },
  { 'protocol.innerShare': '0.5' },
  { 'select.method': 'boosted' },
  { 'select.method': 'boosted', 'interactions.features': '8' },
  { 'interactions.features': '8' },
  { 'select.blocks': '8' },
  { 'select.pairs': '10', 'select.blocks': '6' },
  { 'select.maxFalse': '0.01' },
  { 'select.methods': 'elastic-net' },
  { 'select.methods': 'elastic-net,curvature,binned-f,stumps' },
);

it('requireLearnable passes what is learned and nothing else, whatever is missing', () => {
  const shapes = fc.record({
    rows: fc.integer({ min: 60, max: 1500 }),
    spacing: fc.integer({ min: 1, max: 12 }),
    columns: fc.integer({ min: 1, max: 8 }),
    missing: fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
      { maxLength: 3 },
    ),
    horizon: fc.constantFrom(15, 45, 105),
    overrides: OVERRIDES,
  });
  const seen = { learned: 0, refused: 0 };
  fc.assert(
    fc.property(shapes, ({ horizon, overrides, ...shape }) => {
      const pair = pairWith(shape);
      const settings = briefConfig(overrides);
      const geometry = { horizon, targetWindow: 45 };
      const { bar, usable } = pair;
      let refusal: string | undefined;
      try {
        requireLearnable({ bar, usable, columns: shape.columns, geometry, config: settings });
      } catch (thrown) {
        refusal = (thrown as Error).message;
      }
      let learned: string | undefined;
      try {
        const learner = new PairLearner(pair.pairInput(settings, pair.columns), settings);
        learner.learnHorizon(pair.horizonInput(horizon));
        learner.release();
      } catch (thrown) {
        learned = (thrown as Error).message;
      }
      expect(learned === undefined, `${learned} / ${refusal}`).toBe(refusal === undefined);
      seen[refusal === undefined ? 'learned' : 'refused']++;
    }),
    { numRuns: 60, seed: 11 },
  );
  expect(Math.min(seen.learned, seen.refused)).toBeGreaterThan(10);
});
