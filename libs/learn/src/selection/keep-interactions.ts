import type { LearnConfig } from '../config/learn-config.js';
import {
  type InteractionInput,
  type InteractionOutcome,
  selectInteractions,
} from '../interactions/interaction-selection.js';
import { subseed } from '../numeric/seeded-random.js';
import type { ProgressHooks } from '../progress/progress-hooks.js';
import type { RetainReason, SelectionResult, SelectionTask } from './selection-result.js';

/** What the test for interactions needs besides the selection itself. */
export interface InteractionSetting
  extends Pick<InteractionInput, 'matrix' | 'blocks' | 'pairs' | 'dependenceBars'> {
  readonly task: SelectionTask;
  readonly config: Pick<LearnConfig, 'select' | 'interactions'>;
}

/** Part of the seed that is not used by the selection of single features. */
const STREAM = 4;

/**
 * Tests all pairs among the most promising features of a selection and keeps the features of those that
 * are retained, beside the features that were selected for themselves.
 *
 * @throws LearnInputError when there are too few rows; CancelledError
 */
export function keepInteractions(
  found: SelectionResult,
  { task, config, ...setting }: InteractionSetting,
  hooks: ProgressHooks,
): SelectionResult {
  const { threshold, bound } = config.select;
  const promising = found.order.filter((column) => !task.leaks.has(column));
  const single = new Set(found.selected);
  const outcome = selectInteractions(
    {
      ...setting,
      columns: promising.slice(0, config.interactions.features),
      sizes: promising.slice(0, Math.min(config.interactions.sizes, config.interactions.features)),
      mainEffects: promising.filter((column) => single.has(column)),
      rows: task.rows.filter((row) => row < setting.blocks.at(-1)!.end),
      target: task.target,
      bar: task.data.bar,
      threshold,
      bound,
      shadows: task.shadows,
      maxFalse: config.interactions.maxFalse,
      seed: subseed(task.seed, STREAM),
      pool: task.pool,
    },
    hooks,
  );
  return {
    ...found,
    selected: [...new Set([...single, ...outcome.retained.flatMap(({ columns }) => columns)])].sort(
      (a, b) => a - b,
    ),
    interactions: outcome,
    whySelected: (column) => (single.has(column) ? found.whySelected(column) : whyKept(column, outcome)),
  };
}

function whyKept(column: number, { retained }: InteractionOutcome): RetainReason {
  const best = retained.find(({ columns }) => columns.includes(column))!;
  return { code: 'interaction', facts: { share: best.frequency } };
}
