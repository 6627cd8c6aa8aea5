import { shortNumber } from './figures.js';
import { type Html, html } from './html.js';

/**
 * Pictures of many points, beside those that ECharts draws: a dot takes twelve bytes instead of a hundred, and scales
 * hold whatever doubles do, also those that differ only in their last digits.
 */

/** A straight scale from values to pixels. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  at(value: number): number;
}

/** A place on a scale and what is written there. */
export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Ticks of a scale; `base` is what their texts are counted from, 0 unless all values are far from it and close together. */
export interface Ticks {
  readonly base: number;
  readonly ticks: readonly Tick[];
}

/** Ticks on a scale at most, whatever rounding does to it. */
const MOST_TICKS = 12;
/** Values that share more leading digits than this are written as differences. */
const SHARED_DIGITS = 4;

/** A scale over the finite values given and a little more; around 0 when they are all the same, 0 to 1 without any. */
export function scaleOver(values: readonly number[], pixels: readonly [number, number]): Scale {
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
  const [from, to] = pixels;
  const range = high / 2 - low / 2;
  return { low, high, at: (value) => from + ((value / 2 - low / 2) / range) * (to - from) };
}

/** Round numbers on a scale, some five to eight of them. */
export function ticksOf({ low, high }: Scale): Ticks {
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

function halfPixels(at: number): number {
  return Math.round(2 * at) / 2;
}

/** Points as one path of round dots: some twelve bytes each, where circles take a hundred. */
export function dots(points: readonly (readonly [number, number])[], color: string, size: number): Html {
  const drawn = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  if (drawn.length === 0) return html``;
  const path = drawn.map(([x, y]) => `M${halfPixels(x)} ${halfPixels(y)}h0`).join('');
  return html`<path d="${path}" stroke="${color}" stroke-width="${size}" stroke-linecap="round" fill="none" opacity="0.75"/>`;
}

export function line(from: readonly [number, number], to: readonly [number, number], faint = false): Html {
  const opacity = faint ? 0.35 : 1;
  return html`<line x1="${from[0].toFixed(1)}" y1="${from[1].toFixed(1)}" x2="${to[0].toFixed(1)}" y2="${to[1].toFixed(1)}" stroke="var(--faint)" opacity="${opacity}"/>`;
}

export function label(
  text: string,
  [x, y]: readonly [number, number],
  { anchor = 'middle', size = 11, bold = false }: { anchor?: string; size?: number; bold?: boolean } = {},
): Html {
  const weight = bold ? 600 : 400;
  return html`<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}" font-weight="${weight}" fill="var(--ink)">${text}</text>`;
}

/** A picture that scales with the page. */
export function svg(size: { width: number; height: number }, title: string, parts: readonly Html[]): Html {
  return html`<svg viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" aria-label="${title}" font-family="inherit">${[...parts]}</svg>`;
}
