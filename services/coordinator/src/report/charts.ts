import { formatPercent } from '@onescan/contract/format/percent.js';
import type { EChartsCoreOption } from 'echarts/core';
import type { EstimateJson } from '../model/result-document.js';
import { percentFigure } from './figures.js';
import { AXIS, FAINT, INK, LEGEND, PAPER, renderSvg, SERIES_COLORS } from './render-svg.js';
import type { ReportTask } from './report-data.js';

/** Colour of the model in every picture. */
const MODEL_COLOR = SERIES_COLORS[0];

/** Baselines in the order of their colours: each has the same one in every picture. */
const BASELINES = ['majority', 'persistence', 'overlap', 'linear_bqx', 'overlap_logistic'];

function baselineColor(name: string): string {
  const position = BASELINES.indexOf(name);
  return SERIES_COLORS[position < 0 ? SERIES_COLORS.length - 1 : position + 1] ?? SERIES_COLORS[1];
}

/** Verdicts in the order of the heat map's colours. */
const VERDICTS: readonly { name: string; color: string; short: string }[] = [
  { name: 'NO_SKILL_BEYOND_OVERLAP', color: '#b4b4b4', short: 'no skill' },
  { name: 'INCONCLUSIVE', color: '#e6b85c', short: 'inconclusive' },
  { name: 'SKILL_SUSPECT', color: '#b58ad6', short: 'skill, suspect' },
  { name: 'SKILL', color: '#3fae86', short: 'skill' },
  { name: '', color: '#d9808c', short: 'no result' },
];

const CELL_HEIGHT = 34;

/** Verdict of every pair and horizon, with the gain and its lower bound in the cell. */
export function verdictHeatMap(
  pairs: readonly string[],
  horizons: readonly number[],
  done: readonly ReportTask[],
): string {
  const cells = pairs.flatMap((pair, y) =>
    horizons.map((horizon, x) => {
      const task = done.find((candidate) => candidate.pair === pair && candidate.horizon === horizon);
      const verdict = VERDICTS.findIndex(({ name }) => name === (task?.summary.verdict ?? ''));
      const text = task ? `${VERDICTS[verdict]!.short} ${percentFigure(task.summary.accuracy)}` : 'no result';
      return { value: [x, y, verdict], label: { formatter: text } };
    }),
  );
  const option: EChartsCoreOption = {
    grid: { left: 80, right: 10, top: 10, bottom: 64 },
    xAxis: { ...AXIS, type: 'category', data: horizons.map((horizon) => `h${horizon}`) },
    yAxis: { ...AXIS, type: 'category', data: [...pairs], inverse: true },
    visualMap: {
      type: 'piecewise',
      orient: 'horizontal',
      left: 'center',
      bottom: 0,
      textStyle: { color: INK },
      itemGap: 24,
      pieces: VERDICTS.map(({ color, short }, value) => ({ value, color, label: short })),
    },
    series: [
      {
        type: 'heatmap',
        data: cells,
        label: { show: true, color: '#111', fontSize: 11 },
        itemStyle: { borderColor: PAPER, borderWidth: 2 },
      },
    ],
  };
  const label = 'Verdict and accuracy of every pair and horizon';
  return renderSvg(option, { width: 860, height: 90 + CELL_HEIGHT * pairs.length, label });
}

/** Accuracy of a pair's model and of every baseline by horizon, with intervals. */
export function accuracyChart(pair: string, tasks: readonly ReportTask[]): string {
  const names = [...new Set(tasks.flatMap((task) => task.document.baselines.map(({ name }) => name)))];
  const model = tasks.map((task) => task.document.final.direction.accuracy);
  const series = [
    ...withInterval('model', model, { color: MODEL_COLOR, symbol: 'circle', offset: 0 }),
    ...names.flatMap((name, i) =>
      withInterval(
        name,
        tasks.map((task) => task.document.baselines.find((baseline) => baseline.name === name)?.accuracy),
        {
          color: baselineColor(name),
          symbol: 'diamond',
          offset: 12 * (i + 1),
        },
      ),
    ),
  ];
  const option: EChartsCoreOption = {
    grid: { left: 60, right: 20, top: 40, bottom: 30 },
    legend: { ...LEGEND, data: ['model', ...names] },
    xAxis: { ...AXIS, type: 'category', data: tasks.map((task) => `h${task.horizon}`) },
    yAxis: { ...AXIS, type: 'value', scale: true, axisLabel: { color: INK, formatter: percentLabel } },
    series,
  };
  return renderSvg(option, {
    width: 860,
    height: 300,
    label: `Accuracy of the model and the baselines by horizon for ${pair}`,
  });
}

/** Points with vertical bars for their intervals, shifted sideways so that neighbours do not cover them. */
function withInterval(
  name: string,
  estimates: readonly (EstimateJson | undefined)[],
  look: { color: string; symbol: string; offset: number },
): Record<string, unknown>[] {
  const points = estimates.map((estimate, x) => [x, estimate?.value, estimate?.low, estimate?.high]);
  const complete = points.filter((point) => point.every((value) => value !== null && value !== undefined));
  return [
    {
      name,
      type: 'scatter',
      symbol: look.symbol,
      symbolSize: 9,
      symbolOffset: [look.offset, 0],
      itemStyle: { color: look.color },
      data: points.filter((point) => point[1] !== null && point[1] !== undefined).map((p) => [p[0], p[1]]),
    },
    {
      name,
      type: 'custom',
      // The axis must reach the ends of the intervals.
      encode: { x: 0, y: [2, 3] },
      itemStyle: { color: look.color },
      renderItem: (_: unknown, api: { value(i: number): number; coord(point: number[]): number[] }) => {
        const [x, low] = api.coord([api.value(0), api.value(2)]);
        const high = api.coord([api.value(0), api.value(3)])[1];
        const at = x! + look.offset;
        return {
          type: 'line',
          shape: { x1: at, y1: low, x2: at, y2: high },
          style: { stroke: look.color, lineWidth: 2 },
        };
      },
      data: complete,
    },
  ];
}

/** Accuracy against coverage when only the most confident calls are taken, beside every baseline. */
export function gatingChart(task: ReportTask): string {
  const { coverages } = task.document.gating;
  const names = Object.keys(coverages[0]?.baselines ?? {});
  const line = (name: string, values: (number | null | undefined)[], color: string) => ({
    name,
    type: 'line',
    symbol: name === 'model' ? 'circle' : 'none',
    symbolSize: 6,
    lineStyle: { width: name === 'model' ? 3 : 1.5, color },
    itemStyle: { color },
    data: values.map((value, i) => [coverages[i]!.coverage, value ?? null]),
  });
  const option: EChartsCoreOption = {
    title: { text: 'Accuracy of the most confident calls', top: 2, textStyle: { color: INK, fontSize: 13 } },
    grid: { left: 55, right: 24, top: 78, bottom: 44 },
    legend: { ...LEGEND, top: 28, itemGap: 8 },
    xAxis: {
      ...AXIS,
      type: 'value',
      name: 'coverage',
      nameLocation: 'middle',
      nameGap: 26,
      max: 1,
      axisLabel: { color: INK, formatter: percentLabel },
    },
    yAxis: { ...AXIS, type: 'value', scale: true, axisLabel: { color: INK, formatter: percentLabel } },
    series: [
      line(
        'model',
        coverages.map(({ accuracy }) => accuracy.value),
        MODEL_COLOR,
      ),
      ...names.map((name) =>
        line(
          name,
          coverages.map(({ baselines }) => baselines[name]?.value),
          baselineColor(name),
        ),
      ),
    ],
  };
  return renderSvg(option, {
    width: 420,
    height: 300,
    label: `Gating curve of ${task.pair} h${task.horizon}`,
  });
}

const PROBABILITY_AXIS = {
  ...AXIS,
  type: 'value',
  min: 0,
  max: 1,
  axisLabel: { color: INK, formatter: percentLabel },
} as const;

/** Observed share of "up" by predicted probability, with intervals: calibrated predictions lie on the diagonal. */
export function reliabilityChart(task: ReportTask): string {
  const bins = task.document.reliability;
  const most = Math.max(1, ...bins.map(({ rows }) => rows));
  const option: EChartsCoreOption = {
    title: { text: 'Share up by predicted probability', top: 2, textStyle: { color: INK, fontSize: 13 } },
    grid: { left: 55, right: 24, top: 78, bottom: 44 },
    legend: { ...LEGEND, top: 30, data: ['predictions (area: how many)', 'calibrated'] },
    xAxis: { ...PROBABILITY_AXIS, name: 'predicted probability of up', nameLocation: 'middle', nameGap: 26 },
    yAxis: PROBABILITY_AXIS,
    series: [
      ...bins.map(({ meanPredicted, observed }) => ({
        type: 'line',
        symbol: 'none',
        silent: true,
        lineStyle: { color: MODEL_COLOR, width: 1 },
        data: [
          [meanPredicted, observed.low],
          [meanPredicted, observed.high],
        ],
      })),
      {
        name: 'predictions (area: how many)',
        type: 'scatter',
        itemStyle: { color: MODEL_COLOR },
        data: bins.map(({ rows, meanPredicted, observed }) => ({
          value: [meanPredicted, observed.value],
          symbolSize: 4 + 6 * Math.sqrt(rows / most),
        })),
      },
      {
        name: 'calibrated',
        type: 'line',
        symbol: 'none',
        lineStyle: { type: 'dashed', color: FAINT },
        itemStyle: { color: FAINT },
        data: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
  };
  return renderSvg(option, {
    width: 420,
    height: 300,
    label: `Reliability of ${task.pair} h${task.horizon}`,
  });
}

function percentLabel(share: number): string {
  return formatPercent(share, 0);
}
