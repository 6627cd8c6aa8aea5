import type { EChartsCoreOption } from 'echarts/core';
import type { DependenceGroup, SampledFeature } from '../model/result-document.js';
import { shortName } from './figures.js';
import { AXIS, FAINT, INK, LEGEND, renderSvg } from './render-svg.js';
import { dotsSeries, type Scale, valueAxis } from './value-axis.js';

/** From low to high values; blue to orange tells apart for colour-blind readers too. */
const VALUE_GROUPS = [
  { name: 'lowest fifth', color: '#0072b2' },
  { name: 'second', color: '#4fa3d1' },
  { name: 'middle', color: '#a06cb0' },
  { name: 'fourth', color: '#e59a3c' },
  { name: 'highest fifth', color: '#d55e00' },
] as const;
const DOT_COLOR = VALUE_GROUPS[0].color;
const LINE_COLOR = VALUE_GROUPS[4].color;
const MISSING = { name: 'no value', color: FAINT } as const;

const NAMES_WIDTH = 250;
const WIDTH = 860;
const ROW_HEIGHT = 28;
/** Points of about the same SHAP value, in shares of the axis, stand above each other. */
const SLOT = 0.005;
const MOST_SHIFT = 11;

/**
 * SHAP values of sampled rows by feature, coloured by the feature's value (Lundberg et al. 2020, the "summary
 * plot"): every dot is a row, dots of about equal SHAP value are stacked.
 */
export function shapSummaryChart(features: readonly SampledFeature[], unit: string): string {
  const { option: xAxis, scale } = valueAxis([0, ...features.flatMap(({ shap }) => shap)]);
  const swarms = features.map((feature, i) => swarm(feature, i, scale));
  const groups = [MISSING, ...VALUE_GROUPS];
  const option: EChartsCoreOption = {
    title: {
      text: `SHAP value, ${unit}; a dot is a row, coloured by the feature's value`,
      top: 2,
      left: 0,
      textStyle: { color: INK, fontSize: 13 },
    },
    legend: { ...LEGEND, top: 26, icon: 'circle', data: [...VALUE_GROUPS, MISSING].map(({ name }) => name) },
    grid: { left: NAMES_WIDTH, right: 14, top: 56, bottom: 26 },
    xAxis,
    yAxis: {
      ...AXIS,
      type: 'category',
      inverse: true,
      data: features.map(({ feature }) => shortName(feature)),
      axisLabel: { color: INK, interval: 0, width: NAMES_WIDTH - 15, overflow: 'truncate' },
    },
    series: groups.map(({ name, color }, g) =>
      dotsSeries(
        name,
        swarms.flatMap(({ points, groups: own }) => points.filter((_, k) => own[k] === g)),
        {
          color,
          size: 3.4,
        },
      ),
    ),
  };
  const height = 82 + ROW_HEIGHT * features.length;
  return renderSvg(option, { width: WIDTH, height, label: 'SHAP values of sampled rows by feature' });
}

/** The dots of a feature in its row, and of each the group of its value. */
function swarm(
  { values, shap }: SampledFeature,
  row: number,
  { at }: Scale,
): { points: [number, number, number][]; groups: number[] } {
  const stacked = new Map<number, number>();
  const points = shap.map((value): [number, number, number] => {
    const slot = Math.round(at(value) / SLOT);
    const before = stacked.get(slot) ?? 0;
    stacked.set(slot, before + 1);
    // 0, 1, -1, 2, -2, ... and again from the middle when the row is full.
    const step = (before % 2 === 0 ? -1 : 1) * Math.ceil(before / 2);
    return [at(value), row, (step * 2.2) % MOST_SHIFT];
  });
  return { points, groups: valueGroups(values) };
}

/** For each value: 0 where missing, else 1 to 5 by its rank among the values. */
function valueGroups(values: readonly (number | null)[]): number[] {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  return values.map((value) => {
    if (value === null) return 0;
    const below = sorted.findIndex((other) => other >= value);
    const above = sorted.length - 1 - sorted.findLastIndex((other) => other <= value);
    const share = (below + (sorted.length - above)) / 2 / sorted.length;
    return 1 + Math.min(VALUE_GROUPS.length - 1, Math.floor(share * VALUE_GROUPS.length));
  });
}

/** A feature's SHAP value against its value: sampled rows, and the means over groups of all explained rows. */
export function dependenceChart(
  { feature, values, shap }: SampledFeature,
  groups: readonly DependenceGroup[],
  unit: string,
): string {
  const known = values.flatMap((value, i) => (value === null ? [] : [[value, shap[i]!] as const]));
  const means = groups.flatMap(({ meanValue, meanShap }) =>
    typeof meanValue === 'number' && meanShap !== null ? [[meanValue, meanShap] as const] : [],
  );
  const missing = groups.find((group) => group.missing)?.meanShap ?? null;
  const all = [...known, ...means];
  const x = valueAxis(withoutWild(all.map(([value]) => value)));
  const isShown = (value: number): boolean => value >= x.scale.low && value <= x.scale.high;
  const beyond = known.filter(([value]) => !isShown(value)).length;
  const y = valueAxis([0, ...all.map(([, value]) => value), ...(missing === null ? [] : [missing])]);
  const share = (value: number): number => Math.min(1, Math.max(0, x.scale.at(value)));
  const option: EChartsCoreOption = {
    title: { text: shortName(feature), top: 2, textStyle: { color: INK, fontSize: 13 } },
    grid: { left: 58, right: 14, top: 30, bottom: 44 },
    xAxis: {
      ...x.option,
      name: `value${x.base === 0 ? '' : ` from ${x.base}`}${beyond === 0 ? '' : `, ${beyond} beyond the edges`}; SHAP value up, ${unit}`,
      nameLocation: 'middle',
      nameGap: 26,
    },
    yAxis: y.option,
    series: [
      dotsSeries(
        'rows',
        known.map(([value, own]) => [share(value), y.scale.at(own)]),
        {
          color: DOT_COLOR,
          size: 4,
        },
      ),
      {
        type: 'line',
        symbol: 'none',
        silent: true,
        lineStyle: { color: LINE_COLOR, width: 2 },
        data: means
          .filter(([value]) => isShown(value))
          .map(([value, mean]) => [share(value), y.scale.at(mean)]),
      },
      ...(missing === null ? [] : [missingMark(y.scale.at(missing))]),
    ],
  };
  return renderSvg(option, { width: 420, height: 280, label: `SHAP value of ${feature} by its value` });
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

/** Where rows without a value stand, at the right edge. */
function missingMark(at: number): Record<string, unknown> {
  return {
    type: 'scatter',
    symbolSize: 9,
    silent: true,
    itemStyle: { color: MISSING.color },
    label: { show: true, position: 'left', formatter: MISSING.name, color: INK, fontSize: 10 },
    data: [[1, at]],
  };
}
