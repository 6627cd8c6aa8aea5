import { WINDOWS } from '../windows.js';
import { badFile } from './bad-bars.js';
import type { BarColumns, ReadBars } from './bar-columns.js';
import { wallText } from './time/wall-time.js';

/** Prices beyond these are a unit or a column that was mistaken; within, no figure that is built from them overflows. */
const LOWEST_PRICE = 1e-6;
const HIGHEST_PRICE = 1e9;
const HIGHEST_VOLUME = 1e15;

/** No rate of exchange moves so far in one bar: a decimal point, a unit or a line of another file. */
const LARGEST_STEP = 1000;

/** The longest window and the longest horizon must fit, with a row to spare. */
const FEWEST_ROWS = WINDOWS.at(-1)! + 106;

interface Fault {
  readonly problem: string;
  readonly remedy: string;
}

const PRICES = ['open', 'high', 'low', 'close'] as const;

/**
 * Checks the bars of a pair, and says how many there are.
 *
 * @param file what the message calls the source
 * @param latest the last plausible time in microseconds since 1970; the first is 1970 itself
 * @throws OnescanError INVALID_ARGUMENT naming the file, the first bar with a fault, and what to do about it
 */
export function checkBars({ columns, placeOf }: ReadBars, file: string, latest: number): number {
  const { rows } = columns;
  const faultOf = faultFinder(columns, latest);
  for (let row = 0; row < rows; row++) {
    const fault = faultOf(row);
    if (fault === undefined) continue;
    const place = placeOf(row);
    const bar = `bar ${row + 1} of ${rows}`;
    const where = place.startsWith('bar') ? bar : `${bar}, ${place}`;
    throw badFile(file, `${fault.problem} (${where})`, fault.remedy);
  }
  if (rows < FEWEST_ROWS) {
    throw badFile(
      file,
      `has ${rows} bars`,
      `At least ${FEWEST_ROWS} are needed for the longest window and horizon`,
    );
  }
  return rows;
}

const ORDER_FAULT: Fault = {
  problem: 'has a bar whose high is below its low, open or close, or whose low is above them',
  remedy: 'Check the order of the columns open, high, low, close',
};

const STEP_FAULT: Fault = {
  problem: `has a close more than ${LARGEST_STEP} times that of the bar before, or the reverse`,
  remedy: 'Check decimal points and units of the prices',
};

const isStep = (ratio: number): boolean => ratio <= LARGEST_STEP && ratio >= 1 / LARGEST_STEP;

function faultFinder(columns: BarColumns, latest: number): (row: number) => Fault | undefined {
  const { time } = columns;
  const [open, high, low, close] = PRICES.map((name) => columns.column(name)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const volume = columns.column('volume');
  const isPrice = (value: number): boolean => value >= LOWEST_PRICE && value <= HIGHEST_PRICE;
  return (row) => {
    const [o, h, l, c] = [open[row]!, high[row]!, low[row]!, close[row]!];
    return (
      timeFault(time[row]!, row === 0 ? Number.NEGATIVE_INFINITY : time[row - 1]!, latest) ??
      (isPrice(o) && isPrice(h) && isPrice(l) && isPrice(c) ? undefined : priceFault([o, h, l, c])) ??
      volumeFault(volume[row]!) ??
      (h >= o && h >= c && h >= l && l <= o && l <= c ? undefined : ORDER_FAULT) ??
      (row === 0 || isStep(c / close[row - 1]!) ? undefined : STEP_FAULT)
    );
  };
}

function timeFault(time: number, before: number, latest: number): Fault | undefined {
  if (time > before && time >= 0 && time <= latest) return undefined;
  if (Number.isNaN(time))
    return { problem: 'has an empty time or price', remedy: 'Leave bars without prices out' };
  if (!(time >= 0 && time <= latest)) {
    return {
      problem: `has a time that is not between 1970 and tomorrow: ${wallText(time)}`,
      remedy: 'Check how times are written, and the clock of this machine',
    };
  }
  return time === before
    ? { problem: 'has the same time twice', remedy: 'Keep one bar a time' }
    : { problem: 'is not sorted by time', remedy: 'Sort the bars by time, oldest first' };
}

function priceFault(prices: readonly number[]): Fault | undefined {
  if (prices.some(Number.isNaN)) {
    return { problem: 'has an empty time or price', remedy: 'Leave bars without prices out' };
  }
  if (prices.some((price) => !Number.isFinite(price) || price <= 0)) {
    return {
      problem: 'has a price that is not a positive number',
      remedy: 'Prices must be finite and above zero',
    };
  }
  return {
    problem: `has a price that is not between ${LOWEST_PRICE} and ${HIGHEST_PRICE}`,
    remedy: 'Check the unit of the prices',
  };
}

function volumeFault(volume: number): Fault | undefined {
  if (volume >= 0 && volume <= HIGHEST_VOLUME) return undefined;
  if (!Number.isFinite(volume) || volume < 0) {
    return {
      problem: 'has a volume that is empty, negative or not finite',
      remedy: 'Write 0 where the volume is unknown',
    };
  }
  return { problem: `has a volume above ${HIGHEST_VOLUME}`, remedy: 'Check the unit of the volumes' };
}
