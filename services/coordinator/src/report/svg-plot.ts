import { type Html, html } from './html.js';

/** A straight scale from values to pixels. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  at(value: number): number;
}

/** A scale over the values given and a little more; around 0 when they are all the same. */
export function scaleOver(values: readonly number[], pixels: readonly [number, number]): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = (most - least) * 0.04 || Math.abs(most) * 0.1 || 1;
  const [low, high] = [least - margin, most + margin];
  const [from, to] = pixels;
  return { low, high, at: (value) => from + ((value - low) / (high - low)) * (to - from) };
}

/** Round numbers on a scale, some five to eight of them. */
export function ticksOf({ low, high }: Scale): number[] {
  const rough = (high - low) / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.ceil(low / step);
  const ticks = Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
  return ticks.map((tick) => Number(tick.toPrecision(10)));
}

/** Points as one path of round dots: some twelve bytes each, where circles take a hundred. */
export function dots(points: readonly (readonly [number, number])[], color: string, size: number): Html {
  if (points.length === 0) return html``;
  const path = points.map(([x, y]) => `M${x.toFixed(1)} ${y.toFixed(1)}h0`).join('');
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
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" role="img" aria-label="${title}" font-family="inherit">${[...parts]}</svg>`;
}

/** A number for an axis, short. */
export function shortNumber(value: number): string {
  return value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(4)));
}
