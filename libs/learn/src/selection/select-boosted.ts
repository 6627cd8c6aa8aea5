import type { BinnedMatrix } from '../binning/binned-matrix.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import { BOOSTED_SELECTION, boostedFrequencies } from './boosted-frequencies.js';
import type { SelectionResult, SelectionTask } from './selection-result.js';

/** The original project's selection: gain in at least `select.threshold` of 15 boosted fits; no error bound. */
export function selectBoosted(
  matrix: BinnedMatrix,
  candidates: readonly number[],
  task: SelectionTask,
  config: Pick<LearnConfig, 'select'>,
  hooks: ProgressHooks,
): SelectionResult {
  const { data, rows, target, seed, pool } = task;
  const { threshold, maxFeatures } = config.select;
  const { bar, geometry } = data;
  const found = boostedFrequencies({ matrix, candidates, rows, target, bar, geometry, seed, pool, hooks });
  const frequency = new Float64Array(matrix.columns).fill(Number.NaN);
  candidates.forEach((column, k) => {
    frequency[column] = found.frequency[k]!;
  });
  const gain = new Map(candidates.map((column, k) => [column, found.meanGain[k]!]));
  const order = [...candidates].sort(
    (a, b) => frequency[b]! - frequency[a]! || gain.get(b)! - gain.get(a)! || a - b,
  );
  // Shares are sums of 1/15: allow for their rounding.
  const best = order.filter((column) => frequency[column]! >= threshold - 1e-9);
  return {
    selected: best.slice(0, maxFeatures).sort((a, b) => a - b),
    order,
    frequency,
    interactions: null,
    expectedFalseSelections: Number.NaN,
    facts: {
      method: 'boosted',
      target: config.select.target,
      fits: BOOSTED_SELECTION.folds * BOOSTED_SELECTION.seeds,
      threshold,
      tested: candidates.length,
      rowsUsed: rows.length,
    },
    whySelected: (column) => ({ code: 'gain', facts: { share: frequency[column]! } }),
    notSelected: (column) => {
      const share = frequency[column]!;
      return share >= threshold - 1e-9
        ? { code: 'gain_beyond_limit', facts: { share, limit: maxFeatures } }
        : { code: 'rare_gain', facts: { share } };
    },
  };
}
