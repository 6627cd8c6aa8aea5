import { resolveLearnConfig } from '../config/learn-config.js';
import { simulatePair } from './simulated-pair.js';

/** Few trees: what is asked is whether a horizon is learned, not how well. */
const BRIEF = Object.fromEntries(
  ['leaf', 'level', 'symmetric', 'value'].map((model) => [`models.${model}.rounds`, '2']),
);
/** Settings of `quick` with little to compute. */
export const briefConfig = (overrides: Record<string, string> = {}) =>
  resolveLearnConfig('quick', { ...BRIEF, 'verdict.replicates': '50', ...overrides });

/** A pair with some columns, whose target lacks some rows. */
export function pairWith(shape: {
  rows: number;
  spacing: number;
  columns: number;
  missing: [number, number][];
}) {
  const { rows, spacing, columns, missing } = shape;
  const pair = simulatePair({ seed: 5n, rows, spacing, noiseFeatures: 1 });
  const lacks = (row: number) => missing.some(([from, to]) => row >= from * rows && row < to * rows);
  const withGaps = (target: Float64Array) => target.map((value, row) => (lacks(row) ? Number.NaN : value));
  return {
    ...pair,
    usable: Uint32Array.from(pair.bar.keys()).filter((row) => !lacks(row)),
    columns: pair.features.slice(0, columns),
    horizonInput: (horizon: number) => {
      const input = pair.horizonInput(horizon);
      return { ...input, target: withGaps(input.target) };
    },
  };
}
