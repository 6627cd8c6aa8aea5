import type { LearnConfig } from '../config/learn-config.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import { thresholdStep } from '../stability/error-bounds.js';
import type { StabilityContext } from '../stability/stability-context.js';
import { type StabilitySelectionOutcome, stabilitySelection } from '../stability/stability-selection.js';
import type { SelectionResult, SelectionTask, StableFacts } from './selection-result.js';

/**
 * Complementary-pairs stability selection with its error bounds and shadow control.
 *
 * @param columns of the matrix
 */
export function selectStable(
  context: StabilityContext,
  columns: number,
  task: SelectionTask,
  config: Pick<LearnConfig, 'select'>,
  hooks: ProgressHooks,
): SelectionResult {
  const { methods, threshold, maxFalse, maxFeatures, bound, target: kind } = config.select;
  const { data, target, seed, pool, leaks, shadows } = task;
  const rows = task.rows.filter((row) => row < context.rows);
  const outcome = stabilitySelection(
    context,
    {
      rows,
      target,
      bar: data.bar,
      seed,
      methods,
      threshold,
      maxFalse,
      bound,
      shadows,
      excluded: new Set(leaks.keys()),
      pool,
    },
    hooks,
  );
  const frequency = new Float64Array(columns).fill(Number.NaN);
  context.candidates.forEach((column, k) => {
    frequency[column] = outcome.frequency[k]!;
  });
  const stable = new Set(outcome.selected);
  const position = new Map(context.candidates.map((column, k) => [column, k]));
  const shares = (column: number) => sharesByMethod(outcome.byMethod, position.get(column)!);
  return {
    selected: outcome.selected.slice(0, maxFeatures).sort((a, b) => a - b),
    order: outcome.order.map((position) => context.candidates[position]!),
    frequency,
    interactions: null,
    expectedFalseSelections: boundValue(outcome),
    facts: {
      method: 'stability',
      target: kind,
      bound: outcome.bound,
      bounds: { ...outcome.expectedFalseSelections },
      shadowSelections: Number.isFinite(outcome.shadowSelections) ? outcome.shadowSelections : null,
      methods: [...methods],
      inflation: Object.fromEntries([...outcome.inflation].map(([name, times]) => [name, { ...times }])),
      stable: outcome.selected.length,
      stableBy: countStable(outcome),
      threshold: outcome.threshold,
      q: outcome.q,
      pairs: outcome.pairs,
      blocks: outcome.blocks,
      tested: outcome.tested,
      rowsUsed: outcome.rowsUsed,
    },
    whySelected: (column) => ({ code: 'stable', facts: { shares: shares(column) } }),
    notSelected: (column) =>
      stable.has(column)
        ? { code: 'stable_beyond_limit', facts: { shares: shares(column), limit: maxFeatures } }
        : { code: 'unstable', facts: { shares: shares(column) } },
  };
}

/** Features that each method by itself finds stable. */
function countStable({ byMethod, threshold, pairs }: StabilitySelectionOutcome): StableFacts['stableBy'] {
  const least = thresholdStep(threshold, pairs) - 0.5;
  const count = (frequency: Float64Array) => frequency.filter((share) => share * 2 * pairs > least).length;
  return Object.fromEntries([...byMethod].map(([method, frequency]) => [method, count(frequency)]));
}

/** Share of the subsamples in which each method selects a candidate. */
function sharesByMethod(
  byMethod: StabilitySelectionOutcome['byMethod'],
  position: number,
): Readonly<Record<string, number>> {
  return Object.fromEntries([...byMethod].map(([method, frequency]) => [method, frequency[position]!]));
}

/** The bound that q was derived from. */
function boundValue({ bound, expectedFalseSelections }: StabilitySelectionOutcome): number {
  if (bound === 'unimodal') return expectedFalseSelections.unimodal;
  return bound === 'mb' ? expectedFalseSelections.mb : expectedFalseSelections.rConcave;
}
