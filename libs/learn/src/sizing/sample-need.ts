import type { LearnConfig } from '../config/learn-config.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { bootstrapBlock } from '../metrics/block-bootstrap.js';
import { requireLearnable } from './require-learnable.js';
import { type SmallestEffect, smallestEffect } from './smallest-effect.js';

/** The rows of a sample itself, known before it is fetched. */
export interface KnownSample {
  /** Ordinal of every row's bar, ascending. */
  readonly bar: Int32Array;
  /** By horizon: rows with target, known part and persistence. */
  readonly usable: ReadonlyMap<number, Uint32Array>;
}

/** What is known of the size of a sample before it is fetched. */
export interface SampleShape {
  readonly rows: number;
  /** Bars of the period that the rows are drawn from. */
  readonly periodBars: number;
  /** Days that the rows are drawn from, and their bars together. Unset where rows are spread over all bars. */
  readonly days?: { readonly count: number; readonly bars: number };
}

export interface LearnTask {
  readonly horizons: readonly number[];
  readonly targetWindow: number;
  readonly config: LearnConfig;
  /** Feature columns that are to be tested. */
  readonly columns: number;
}

/** What learning such a sample would come to. */
export interface SampleOutlook {
  /** Horizons that cannot be learned, of an expected sample even if rows lay a fourth further apart; with the reason. */
  readonly impossible: readonly HorizonObstacle[];
  /** Horizons that cannot be learned as rows are expected to lie, or would be inconclusive whatever is found. */
  readonly doubtful: readonly HorizonObstacle[];
  /** Least rows of the period, two digits, with which all can be learned; undefined when there is no such number. */
  readonly leastRows: number | undefined;
  /** Of the horizon whose effect must be largest to be found, among those that can be learned; undefined when none can. */
  readonly smallest: SmallestEffect | undefined;
}

export interface HorizonObstacle {
  readonly horizon: number;
  readonly obstacle: SampleObstacle;
}

/**
 * Learning would refuse the rows, with the message of its error; or it could come to no verdict on so few scored rows or
 * independent blocks of them.
 */
export type SampleObstacle =
  | { readonly kind: 'not_learnable'; readonly words: string }
  | { readonly kind: 'few_rows' | 'few_blocks'; readonly found: number; readonly least: number };

/** Rows may lie so much further apart than expected: days differ, draws are uneven. */
const FURTHER = 1.25;
/** Search steps for the least rows: within 3 %. */
const SEARCH_STEPS = 12;

/** Tells of a sample whose rows are known whether it can be learned: exactly as learning will. */
export function knownOutlook(
  { bar, usable }: KnownSample,
  task: LearnTask,
): Omit<SampleOutlook, 'leastRows'> {
  const impossible: HorizonObstacle[] = [];
  const doubtful: HorizonObstacle[] = [];
  for (const horizon of task.horizons.toSorted((a, b) => a - b)) {
    const rows = usable.get(horizon) ?? new Uint32Array(0);
    const found = look(bar, rows, horizon, task);
    if (found?.kind === 'not_learnable') impossible.push({ horizon, obstacle: found });
    else if (found !== undefined) doubtful.push({ horizon, obstacle: found });
  }
  const refused = new Set(impossible.map(({ horizon }) => horizon));
  const smallest = hardest(bar, task, refused, (horizon) => usable.get(horizon) ?? new Uint32Array(0));
  return { impossible, doubtful, smallest };
}

/** The smallest effect that is found of all horizons but those refused. */
function hardest(
  bar: Int32Array,
  task: LearnTask,
  refused: ReadonlySet<number>,
  usableOf: (horizon: number) => Uint32Array,
): SmallestEffect | undefined {
  const learned = task.horizons.filter((horizon) => !refused.has(horizon));
  const effects = learned.map((horizon) => smallestEffect({ bar, usable: usableOf(horizon) }, horizon, task));
  return effects.sort((a, b) => b.auc - a.auc || a.horizon - b.horizon)[0];
}

/**
 * Tells of a sample of which only the size is known whether it can be learned: the cuts, purges and blocks of the
 * protocol, on rows that lie as evenly as their number and the period allow. Even rows are the best case: a purge takes
 * least of them. In doubt the first rows of the period lack the past of the target and the last ones its future.
 */
export function sampleOutlook(shape: SampleShape, task: LearnTask): SampleOutlook {
  const bar = expectedBars(shape, 1);
  const all = Uint32Array.from(bar.keys());
  const expected = obstacles(bar, task);
  const further = expected.length > 0 ? obstacles(expectedBars(shape, FURTHER), task) : [];
  const possible = expected.filter(({ horizon }) => further.every((one) => one.horizon !== horizon));
  const learned = task.horizons.filter((horizon) => expected.every((one) => one.horizon !== horizon));
  const edges = obstaclesOf({ horizons: learned }, (horizon) =>
    look(bar, withoutEdges(bar, horizon, task), horizon, task),
  );
  return {
    impossible: further,
    doubtful: [...possible, ...edges].sort((a, b) => a.horizon - b.horizon),
    leastRows: expected.length > 0 ? leastRows(shape, task) : undefined,
    smallest: hardest(bar, task, new Set(expected.map(({ horizon }) => horizon)), () => all),
  };
}

/** Rows whose label ends before the last bar and whose past starts after the first. */
function withoutEdges(bar: Int32Array, horizon: number, { targetWindow }: LearnTask): Uint32Array {
  const last = bar.at(-1)! - horizon;
  return Uint32Array.from(bar.keys()).filter(
    (row) => bar[row]! >= bar[0]! + targetWindow && bar[row]! <= last,
  );
}

/** Ordinals of the bars of an even sample. @param spread factor on the bars between rows */
function expectedBars({ rows, periodBars, days }: SampleShape, spread: number): Int32Array {
  const bars = Math.floor(periodBars * spread);
  const bar = new Int32Array(rows);
  if (days === undefined) {
    for (let row = 0; row < rows; row++) bar[row] = Math.floor((row * (bars - 1)) / Math.max(1, rows - 1));
    return bar;
  }
  const step = (spread * days.bars) / rows;
  const rowsADay = Math.ceil(rows / days.count);
  for (let row = 0; row < rows; row++) {
    const day = Math.floor(row / rowsADay);
    bar[row] = Math.floor((day * bars) / days.count + (row - day * rowsADay) * step);
  }
  // Days that lie side by side follow each other.
  for (let row = 1; row < rows; row++) bar[row] = Math.max(bar[row]!, bar[row - 1]! + 1);
  return bar;
}

/** By horizon, ascending. */
function obstacles(bar: Int32Array, task: LearnTask): HorizonObstacle[] {
  const all = Uint32Array.from(bar.keys());
  return obstaclesOf(task, (horizon) => {
    const found = look(bar, all, horizon, task);
    return found?.kind === 'not_learnable' ? found : undefined;
  });
}

function obstaclesOf(
  { horizons }: Pick<LearnTask, 'horizons'>,
  obstacleOf: (horizon: number) => SampleObstacle | undefined,
): HorizonObstacle[] {
  return horizons
    .toSorted((a, b) => a - b)
    .flatMap((horizon) => {
      const obstacle = obstacleOf(horizon);
      return obstacle === undefined ? [] : [{ horizon, obstacle }];
    });
}

/** Why learning would refuse the rows, or could come to no verdict on them; neither when it can. */
function look(
  bar: Int32Array,
  usable: Uint32Array,
  horizon: number,
  { targetWindow, columns, config }: LearnTask,
): SampleObstacle | undefined {
  const geometry = { horizon, targetWindow };
  try {
    const { final } = requireLearnable({ bar, usable, columns, geometry, config });
    const { minRows, minBlocks } = config.verdict;
    const blocks = Math.floor(final.length / bootstrapBlock(final, bar, geometry).rows);
    if (final.length < minRows) {
      return { kind: 'few_rows', found: final.length, least: minRows };
    }
    if (blocks < minBlocks) {
      return { kind: 'few_blocks', found: blocks, least: minBlocks };
    }
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof LearnInputError)) throw thrown;
    return { kind: 'not_learnable', words: thrown.message };
  }
}

function leastRows(shape: SampleShape, task: LearnTask): number | undefined {
  const works = (rows: number) => obstacles(expectedBars(withRows(shape, rows), 1), task).length === 0;
  let [low, high] = [shape.rows, shape.periodBars];
  if (high <= low || !works(high)) return undefined;
  for (let step = 0; step < SEARCH_STEPS && high > low * 1.03; step++) {
    const middle = Math.round(Math.sqrt(low * high));
    if (works(middle)) high = middle;
    else low = middle;
  }
  const digits = 10 ** Math.max(0, Math.floor(Math.log10(high)) - 1);
  return Math.ceil(high / digits) * digits;
}

/** The same days, and more of them where more rows are wanted than they have. */
function withRows(shape: SampleShape, rows: number): SampleShape {
  const { periodBars, days } = shape;
  if (!days) return { rows, periodBars };
  const barsADay = days.bars / days.count;
  const count = Math.max(1, Math.ceil(rows / barsADay));
  return { rows, periodBars, days: { count, bars: Math.max(rows, count * barsADay) } };
}
