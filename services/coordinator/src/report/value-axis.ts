import { shortNumber } from './figures.js';
import { AXIS } from './render-svg.js';

/** A straight scale from values to shares of an axis. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  at(value: number): number;
}

/** A place on a scale and what is written there. */
interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Ticks of a scale; `base` is what their texts are counted from, 0 unless all values are far from it and close together. */
interface Ticks {
  readonly base: number;
  readonly ticks: readonly Tick[];
}

/** Ticks on a scale at most, whatever rounding does to it. */
const MOST_TICKS = 12;
/** Values that share more leading digits than this are written as differences. */
const SHARED_DIGITS = 4;

/** A scale over the finite values given and a little more; around 0 when they are all the same, 0 to 1 without any. */
function scaleOver(values: readonly number[]): Scale {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (least > most) [least, most] = [0, 1];
  // In halves: the difference may be beyond a double.
  const margin = (most / 2 - least / 2) * 0.08 || Math.abs(most) * 0.1 || 1;
  const low = Math.max(-Number.MAX_VALUE, least - margin);
  const high = Math.min(Number.MAX_VALUE, most + margin);
  const range = high / 2 - low / 2;
  return { low, high, at: (value) => (value / 2 - low / 2) / range };
}

/** Round numbers on a scale, some five to eight of them. */
function ticksOf({ low, high }: Scale): Ticks {
  const rough = high / 8 - low / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  if (!(power > 0)) return { base: 0, ticks: [{ at: low, text: shortNumber(low) }] };
  const step =
    [1, 2, 5].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? 10 * power;
  const size = Math.max(Math.abs(low), Math.abs(high));
  const isFar = size / 10 ** SHARED_DIGITS > high - low;
  const base = isFar ? roundedTo(low, step) : 0;
  const first = Math.ceil((low - base) / step);
  const count = Math.min(MOST_TICKS, Math.floor((high - base) / step) - first + 1);
  const steps = Array.from({ length: Math.max(0, count) }, (_, i) => (first + i) * step);
  return { base, ticks: steps.map((over) => ({ at: base + over, text: tickText(over, isFar) })) };
}

function tickText(value: number, isDifference: boolean): string {
  const text = shortNumber(Number(value.toPrecision(10)));
  return isDifference && value > 0 ? `+${text}` : text;
}

/** The value without what is smaller than a step, in as few digits as that takes. */
function roundedTo(value: number, step: number): number {
  const digits = Math.ceil(Math.log10(Math.abs(value)) - Math.log10(step));
  return Number(value.toPrecision(Math.min(17, Math.max(1, digits))));
}

/**
 * An axis of ECharts over whatever doubles do: the library is given shares of the scale, and told what to write where.
 *
 * @returns the option, how values become shares, and what the written numbers are counted from
 */
export function valueAxis(
  values: readonly number[],
  more: Readonly<Record<string, unknown>> = {},
): { readonly option: Record<string, unknown>; readonly scale: Scale; readonly base: number } {
  const scale = scaleOver(values);
  const { base, ticks } = ticksOf(scale);
  const places = ticks.map(({ at }) => scale.at(at));
  const customValues = places;
  const texts = new Map(ticks.map(({ text }, i) => [places[i]!, text]));
  const option = {
    ...AXIS,
    type: 'value',
    min: 0,
    max: 1,
    axisTick: { ...AXIS.axisTick, customValues },
    axisLabel: { ...AXIS.axisLabel, customValues, formatter: (place: number) => texts.get(place) ?? '' },
    splitLine: { ...AXIS.splitLine, customValues },
    ...more,
  };
  return { option, scale, base };
}

/**
 * Points as one shape of ECharts, a path of round dots: some twelve bytes each where its circles take a hundred.
 *
 * @param points shares of both axes (of a list of names: the place in it), and pixels that they are moved down
 */
export function dotsSeries(
  name: string,
  points: readonly (readonly [x: number, y: number, down?: number])[],
  { color, size }: { readonly color: string; readonly size: number },
): Record<string, unknown> {
  const drawn = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  return {
    name,
    type: 'custom',
    silent: true,
    itemStyle: { color },
    data: drawn.length === 0 ? [] : [drawn[0]!.slice(0, 2)],
    renderItem: (_: unknown, api: { coord(point: readonly number[]): number[] }) => {
      const path = drawn.map(([x, y, down = 0]) => {
        const [left, top] = api.coord([x, y]);
        // Of no length they would be left out.
        return `M${halfPixels(left!)} ${halfPixels(top! + down)}h.01`;
      });
      const style = { fill: 'none', stroke: color, lineWidth: size, lineCap: 'round', opacity: 0.75 };
      return { type: 'path', shape: { pathData: path.join('') }, style };
    },
  };
}

function halfPixels(at: number): number {
  return Math.round(2 * at) / 2;
}
