import { developmentRows } from './development-rows.js';
import type { LearnConfig } from './learn-config.js';
import { blockRows } from './metrics/block-bootstrap.js';
import { innerSplit } from './models/inner-split.js';
import { protocolSegments } from './splits/protocol-segments.js';
import { blockDesign } from './stability/block-design.js';
import { timeBlocks } from './stability/time-blocks.js';

/** What is known of a sample before it is fetched. */
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
}

/** What learning such a sample would come to. */
export interface SampleOutlook {
  /** Horizons that cannot be learned even if rows lay a fourth further apart than expected, with the reason. */
  readonly impossible: readonly HorizonObstacle[];
  /** Horizons that cannot be learned as rows are expected to lie, or would be inconclusive whatever is found. */
  readonly doubtful: readonly HorizonObstacle[];
  /** Least rows of the period, two digits, with which all can be learned; undefined when there is no such number. */
  readonly leastRows: number | undefined;
}

export interface HorizonObstacle {
  readonly horizon: number;
  readonly reason: string;
}

/** Rows may lie so much further apart than expected: days differ, draws are uneven. */
const FURTHER = 1.25;
/** Search steps for the least rows: within 3 %. */
const SEARCH_STEPS = 12;

/**
 * Tells before a sample is fetched whether it can be learned: the cuts, purges and blocks of the protocol, on rows that lie as
 * evenly as their number and the period allow. Even rows are the best case: a purge takes least of them.
 */
export function sampleOutlook(shape: SampleShape, task: LearnTask): SampleOutlook {
  const bar = expectedBars(shape, 1);
  const expected = obstacles(bar, task);
  const further = expected.length > 0 ? obstacles(expectedBars(shape, FURTHER), task) : [];
  const learned = task.horizons.filter((horizon) => expected.every((one) => one.horizon !== horizon));
  const possible = expected.filter(({ horizon }) => further.every((one) => one.horizon !== horizon));
  return {
    impossible: further,
    doubtful: [...possible, ...inconclusive(bar, learned, task)],
    leastRows: expected.length > 0 ? leastRows(shape, task) : undefined,
  };
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

/** By horizon, ascending. Purges are the longer the further the horizon, so that those below one that works work too. */
function obstacles(bar: Int32Array, task: LearnTask): HorizonObstacle[] {
  return furthestFirst(task.horizons, (horizon) => {
    try {
      tryProtocol(bar, horizon, task);
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown;
      return thrown.message;
    }
  });
}

function furthestFirst(
  horizons: readonly number[],
  reasonOf: (horizon: number) => string | undefined,
): HorizonObstacle[] {
  const found: HorizonObstacle[] = [];
  for (const horizon of horizons.toSorted((a, b) => b - a)) {
    const reason = reasonOf(horizon);
    if (reason === undefined) break;
    found.unshift({ horizon, reason });
  }
  return found;
}

/** @throws RangeError as learning would */
function tryProtocol(bar: Int32Array, horizon: number, { targetWindow, config }: LearnTask): void {
  const geometry = { horizon, targetWindow };
  const usable = Uint32Array.from(bar.keys());
  const { folds } = protocolSegments({ bar, geometry, usable, config });
  if (config.select.method === 'stability') {
    const rows = Math.floor(developmentRows(bar, config) * config.protocol.selectionShare);
    timeBlocks(blockDesign({ bar, rows, targetWindow, config }));
  }
  for (const { train } of folds) innerSplit(train, bar, geometry, config.protocol.innerShare);
}

/** Horizons whose final segment is too small for a verdict. */
function inconclusive(
  bar: Int32Array,
  horizons: readonly number[],
  { targetWindow, config }: LearnTask,
): HorizonObstacle[] {
  const { minRows, minBlocks } = config.verdict;
  const usable = Uint32Array.from(bar.keys());
  return furthestFirst(horizons, (horizon) => {
    const geometry = { horizon, targetWindow };
    const { final } = protocolSegments({ bar, geometry, usable, config });
    const blocks = Math.floor(final.length / blockRows(final, bar, geometry));
    if (final.length < minRows) return `inconclusive: ${final.length} scored rows are fewer than ${minRows}`;
    if (blocks < minBlocks) return `inconclusive: ${blocks} independent blocks are fewer than ${minBlocks}`;
    return undefined;
  });
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
