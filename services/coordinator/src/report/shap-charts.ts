import { type Html, html } from './html.js';
import type { DependenceGroup, SampledFeature } from './result-document.js';
import { dots, label, line, type Scale, scaleOver, shortNumber, svg, ticksOf } from './svg-plot.js';

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
    ...ticksOf(x).flatMap((tick) => [
      line([x.at(tick), TOP - 8], [x.at(tick), foot], tick !== 0),
      label(shortNumber(tick), [x.at(tick), foot + 16]),
    ]),
    ...features.flatMap((feature, i) => {
      const y = TOP + ROW_HEIGHT * (i + 0.5);
      const name = label(shortened(feature.feature), [NAMES_WIDTH - 6, y + 4], { anchor: 'end' });
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
  const x = scaleOver(
    all.map(([value]) => value),
    [left, width - right],
  );
  const ys = [0, ...all.map(([, value]) => value), ...(missing === null ? [] : [missing])];
  const y = scaleOver(ys, [height - bottom, top]);
  const path = means.map(
    ([value, mean], i) => `${i ? 'L' : 'M'}${x.at(value).toFixed(1)} ${y.at(mean).toFixed(1)}`,
  );
  const size = { width, height };
  return svg(size, `SHAP value of ${feature} by its value`, [
    label(shortened(feature), [left, 16], { anchor: 'start', size: 13, bold: true }),
    ...ticksOf(x).flatMap((tick) => [
      line([x.at(tick), top], [x.at(tick), height - bottom], true),
      label(shortNumber(tick), [x.at(tick), height - bottom + 16]),
    ]),
    ...ticksOf(y).flatMap((tick) => [
      line([left, y.at(tick)], [width - right, y.at(tick)], tick !== 0),
      label(shortNumber(tick), [left - 6, y.at(tick) + 4], { anchor: 'end' }),
    ]),
    label(`value; SHAP value up, ${unit}`, [(left + width - right) / 2, height - 6]),
    dots(
      known.map(([value, own]) => [x.at(value), y.at(own)]),
      VALUE_COLORS[0],
      4,
    ),
    meanLine(path.join('')),
    ...(missing === null ? [] : missingMark(missing, y)),
  ]);
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

function shortened(name: string): string {
  return name.length > 38 ? `…${name.slice(-37)}` : name;
}
