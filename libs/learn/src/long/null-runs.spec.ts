import { describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import type { LearnedDocument } from '../document/result-document.js';
import { PairLearner } from '../learner/pair-learner.js';
import type { StableFacts } from '../selection/selection-result.js';
import { simulatePair } from '../testing/simulated-pair.js';

const SEEDS = 16;
const HORIZONS = [15, 45, 90];

/** Random walks with persistent features, their volatility constant or slowly changing: nothing to be found. */
const config = resolveLearnConfig('quick', { 'interactions.features': '200' });
const runs = Array.from({ length: SEEDS }, (_, seed) => {
  const pair = simulatePair({
    seed: 900n + BigInt(seed),
    rows: 5000,
    spacing: 8,
    noiseFeatures: 120,
    volatilitySpread: seed % 2 === 0 ? 0 : 0.6,
  });
  return () => {
    const learner = new PairLearner(pair.pairInput(config), config);
    return HORIZONS.map((horizon) => learner.learnHorizon(pair.horizonInput(horizon)));
  };
});

describe(`${SEEDS} random walks, ${HORIZONS.length} horizons each`, () => {
  const outcomes = runs.flatMap((learn) => learn());
  const mean = (value: (document: LearnedDocument) => number) =>
    outcomes.reduce((sum, { document }) => sum + value(document), 0) / outcomes.length;
  /** Standard error of such a mean; the horizons of a pair are one observation. */
  const errorOfMean = (value: (document: LearnedDocument) => number) => {
    const ofPairs = runs.map((_, pair) =>
      outcomes
        .slice(pair * HORIZONS.length, (pair + 1) * HORIZONS.length)
        .reduce((sum, { document }) => sum + value(document) / HORIZONS.length, 0),
    );
    const centre = mean(value);
    const square = ofPairs.reduce((sum, one) => sum + (one - centre) ** 2, 0) / (SEEDS - 1);
    return Math.sqrt(square / SEEDS);
  };
  const selection = (document: LearnedDocument) => document.selection as StableFacts;

  it('show skill no more often than the level of the verdict allows', () => {
    const skilled = outcomes.filter(({ summary }) => summary.verdict.startsWith('SKILL'));
    // Level 0.01 for each of two conditions: 0.5 of 48 expected if they were one; 3 has probability 0.01.
    expect(skilled.length).toBeLessThanOrEqual(2);
    expect(outcomes.every(({ summary }) => summary.verdict !== 'INCONCLUSIVE')).toBe(true);
  });

  it('have fewer features selected on average than the bound, and so do their shadows', () => {
    const bound = Math.max(...outcomes.map(({ summary }) => summary.expectedFalseSelections));
    expect(bound).toBeLessThanOrEqual(1);
    expect(mean((document) => selection(document).stable)).toBeLessThanOrEqual(bound);
    expect(mean((document) => selection(document).shadowSelections!)).toBeLessThanOrEqual(bound);
  });

  it('have fewer interactions retained on average than the bound, and so do their shadows', () => {
    const bound = Math.max(...outcomes.map(({ document }) => document.interactions!.bounds.rConcave));
    expect(bound).toBeLessThanOrEqual(0.5);
    // The bound is reached, so that an average is above it as often as not: by no more than chance, over pairs, makes it.
    const known = bound + 2 * errorOfMean(({ interactions }) => interactions!.retained.length);
    expect(mean(({ interactions }) => interactions!.retained.length)).toBeLessThanOrEqual(known);
    expect(mean(({ interactions }) => interactions!.shadowSelections!)).toBeLessThanOrEqual(known);
  });
});
