import type { DependenceGroup, SampledFeature } from '../model/result-document.js';
import { shortName } from './figures.js';
import { type Html, html } from './html.js';
import { dots, label, line, type Scale, scaleOver, svg, ticksOf } from './svg-plot.js';

/** From low to high values; blue to orange tells apart for colour-blind readers too. */
const VALUE_COLORS = ['#0072b2', '#4fa3d1', '#a06cb0', '#e59a3c', '#d55e00'] as const;
const MISSING_COLOR = 'var(--faint)';

const NAMES_WIDTH = 250;
const WIDTH = 860;
const ROW_HEIGHT = 28;
const TOP = 44;
const BOTTOM = 26;
/** Points of about the same SHAP value stand above each other. */
const SLOT = 3;
const MOST_SHIFT = 11;

/**
 * SHAP values of sampled rows by feature, coloured by the feature's value (Lundberg et al. 2020, the "summary
 * plot"): every dot is a row, dots of about equal SHAP value are stacked.
 */
export function shapSummaryChart(features: readonly SampledFeature[], unit: string): Html {
  const x = scaleOver([0, ...features.flatMap(({ shap }) => shap)], [NAMES_WIDTH + 8, WIDTH - 12]);
  const height = TOP + ROW_HEIGHT * features.length + BOTTOM;
  const foot = height - BOTTOM;
  const size = { width: WIDTH, height };
  return svg(size, 'SHAP values of sampled rows by feature', [
    label(`SHAP value, ${unit}; a dot is a row`, [NAMES_WIDTH + 8, 14], {
      anchor: 'start',
      size: 13,
      bold: true,
    }),
    ...valueLegend(),
    ...ticksOf(x).ticks.flatMap(({ at, text }) => [
      line([x.at(at), TOP - 8], [x.at(at), foot], at !== 0),
      label(text, [x.at(at), foot + 16]),
    ]),
    ...features.flatMap((feature, i) => {
      const y = TOP + ROW_HEIGHT * (i + 0.5);
      const name = label(shortName(feature.feature), [NAMES_WIDTH - 6, y + 4], { anchor: 'end' });
      return [name, ...swarm(feature, x, y)];
    }),
  ]);
}

function valueLegend(): Html[] {
  const y = 30;
  const steps = VALUE_COLORS.map((color, i) => dots([[NAMES_WIDTH + 112 + 12 * i, y - 4]], color, 8));
  return [
    label("feature's value: low", [NAMES_WIDTH + 104, y], { anchor: 'end' }),
    ...steps,
    label('high', [NAMES_WIDTH + 172, y], { anchor: 'start' }),
    dots([[NAMES_WIDTH + 222, y - 4]], MISSING_COLOR, 8),
    label('missing', [NAMES_WIDTH + 230, y], { anchor: 'start' }),
  ];
}

function swarm({ values, shap }: SampledFeature, x: Scale, y: number): Html[] {
  const stacked = new Map<number, number>();
  const points = shap.map((value): [number, number] => {
    const slot = Math.round(x.at(value) / SLOT);
    const before = stacked.get(slot) ?? 0;
    stacked.set(slot, before + 1);
    // 0, 1, -1, 2, -2, ... and again from the middle when the row is full.
    const step = (before % 2 === 0 ? -1 : 1) * Math.ceil(before / 2);
    return [x.at(value), y + ((step * 2.2) % MOST_SHIFT)];
  });
  const colors = [MISSING_COLOR, ...VALUE_COLORS];
  const groups = valueGroups(values);
  return colors.map((color, g) =>
    dots(
      points.filter((_, i) => groups[i] === g),
      color,
      3.4,
    ),
  );
}

/** For each value: 0 where missing, else 1 to 5 by its rank among the values. */
function valueGroups(values: readonly (number | null)[]): number[] {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  return values.map((value) => {
    if (value === null) return 0;
    const below = sorted.findIndex((other) => other >= value);
    const above = sorted.length - 1 - sorted.findLastIndex((other) => other <= value);
    const share = (below + (sorted.length - above)) / 2 / sorted.length;
    return 1 + Math.min(VALUE_COLORS.length - 1, Math.floor(share * VALUE_COLORS.length));
  });
}

const PLOT = { width: 420, height: 280, left: 58, right: 14, top: 30, bottom: 40 } as const;

/** A feature's SHAP value against its value: sampled rows, and the means over groups of all explained rows. */
export function dependenceChart(
  { feature, values, shap }: SampledFeature,
  groups: readonly DependenceGroup[],
  unit: string,
): Html {
  const { width, height, left, right, top, bottom } = PLOT;
  const known = values.flatMap((value, i) => (value === null ? [] : [[value, shap[i]!] as const]));
  const means = groups.flatMap(({ meanValue, meanShap }) =>
    typeof meanValue === 'number' && meanShap !== null ? [[meanValue, meanShap] as const] : [],
  );
  const missing = groups.find((group) => group.missing)?.meanShap ?? null;
  const all = [...known, ...means];
  const shown = withoutWild(all.map(([value]) => value));
  const x = scaleOver(shown, [left, width - right]);
  const isShown = (value: number): boolean => value >= x.low && value <= x.high;
  const beyond = known.filter(([value]) => !isShown(value)).length;
  const ys = [0, ...all.map(([, value]) => value), ...(missing === null ? [] : [missing])];
  const y = scaleOver(ys, [height - bottom, top]);
  const path = means
    .filter(([value]) => isShown(value))
    .map(([value, mean], i) => `${i ? 'L' : 'M'}${x.at(value).toFixed(1)} ${y.at(mean).toFixed(1)}`);
  const size = { width, height };
  const { base, ticks } = ticksOf(x);
  return svg(size, `SHAP value of ${feature} by its value`, [
    label(shortName(feature), [left, 16], { anchor: 'start', size: 13, bold: true }),
    ...ticks.flatMap(({ at, text }) => [
      line([x.at(at), top], [x.at(at), height - bottom], true),
      label(text, [x.at(at), height - bottom + 16]),
    ]),
    ...ticksOf(y).ticks.flatMap(({ at, text }) => [
      line([left, y.at(at)], [width - right, y.at(at)], at !== 0),
      label(text, [left - 6, y.at(at) + 4], { anchor: 'end' }),
    ]),
    label(
      `value${base === 0 ? '' : ` from ${base}`}${beyond === 0 ? '' : `, ${beyond} beyond the edges`}; SHAP value up, ${unit}`,
      [(left + width - right) / 2, height - 6],
    ),
    dots(
      known.map(([value, own]) => [Math.min(width - right, Math.max(left, x.at(value))), y.at(own)]),
      VALUE_COLORS[0],
      4,
    ),
    meanLine(path.join('')),
    ...(missing === null ? [] : missingMark(missing, y)),
  ]);
}

/** Share of the values at either end that may be wild, and by how much the whole range must then exceed the rest's. */
const WILD_SHARE = 0.02;
const WILD_RANGE = 100;

/** The values without a few that are so far from all others that these would be one point. */
function withoutWild(values: readonly number[]): readonly number[] {
  const sorted = values.toSorted((a, b) => a - b);
  const tail = Math.floor(sorted.length * WILD_SHARE);
  const [low, high] = [sorted[tail], sorted[sorted.length - 1 - tail]];
  if (low === undefined || high === undefined || high <= low) return values;
  const inner = high / 2 - low / 2;
  const reach = WILD_RANGE * inner;
  return sorted.filter((value) => value / 2 - high / 2 <= reach && low / 2 - value / 2 <= reach);
}

function meanLine(path: string): Html {
  return html`<path d="${path}" stroke="${VALUE_COLORS[4]}" stroke-width="2" fill="none"/>`;
}

/** Where rows without a value stand, at the right edge. */
function missingMark(mean: number, y: Scale): Html[] {
  const { width, right } = PLOT;
  return [
    dots([[width - right, y.at(mean)]], MISSING_COLOR, 9),
    label('missing', [width - right - 8, y.at(mean) + 4], { anchor: 'end', size: 10 }),
  ];
}
