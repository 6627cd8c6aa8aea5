import { formatPercent } from '@onescan/contract/format/percent.js';
import type { EChartsCoreOption } from 'echarts/core';
import type { FrequencyCurve } from '../store/ledger-figures.js';
import type { LedgerTotal } from '../store/ledger-table.js';
import { chartOrNote } from './chart-or-note.js';
import { percentFigure } from './figures.js';
import { type Html, html, table } from './html.js';
import { AXIS, FAINT, INK, renderSvg, SERIES_COLORS } from './render-svg.js';
import type { ReportData, ReportTask } from './report-data.js';

/** Stages in the order in which a feature meets them; what a stage leaves goes on to the next. */
const STAGES = [
  { name: 'universe', text: 'in the universe' },
  { name: 'plan', text: 'planned' },
  { name: 'prune', text: 'kept by pruning' },
  { name: 'select', text: 'selected' },
  { name: 'model', text: 'retained' },
] as const;

/** How many features each stage left, over all pairs and horizons. */
export function funnelSection({ totals }: ReportData): Html {
  const left = funnel(totals);
  if (left.length === 0 || left[0]!.rows === 0) return html``;
  return html`<h3>Where features were left behind</h3>${chartOrNote(
    'what each stage left',
    () => funnelChart(left),
    () =>
      table(
        ['stage', '>features', '>share'],
        left.map(({ text, rows }) => [text, rows.toLocaleString('en'), percentFigure(rows / left[0]!.rows)]),
      ),
  )}`;
}

/** Rows of the ledger that each stage left, in the stages' order. */
export function funnel(totals: readonly LedgerTotal[]): { text: string; rows: number }[] {
  let rows = totals.reduce((sum, total) => sum + total.rows, 0);
  return STAGES.map(({ name, text }) => {
    const ended = totals.filter(({ stage, status }) => stage === name && status !== 'RETAINED');
    rows -= ended.reduce((sum, total) => sum + total.rows, 0);
    return { text, rows };
  });
}

function funnelChart(left: readonly { text: string; rows: number }[]): string {
  const option: EChartsCoreOption = {
    grid: { left: 130, right: 90, top: 6, bottom: 24 },
    // Of thousands a few are retained: on a scale that is not logarithmic they could not be seen.
    xAxis: { ...AXIS, type: 'log', min: 1, axisLabel: { color: INK } },
    yAxis: { ...AXIS, type: 'category', inverse: true, data: left.map(({ text }) => text) },
    series: [
      {
        type: 'bar',
        barWidth: '70%',
        itemStyle: { color: SERIES_COLORS[0] },
        label: { show: true, position: 'right', color: INK },
        data: left.map(({ rows }) => ({
          value: Math.max(1, rows),
          label: { formatter: rows.toLocaleString('en') },
        })),
      },
    ],
  };
  return renderSvg(option, {
    width: 860,
    height: 40 + 30 * left.length,
    label: 'Features that each stage left',
  });
}

/** The highest selection frequencies of a horizon beside the threshold, which bounds how many of them are false. */
export function frequencySection(task: ReportTask, curve: FrequencyCurve | undefined): Html {
  if (!curve || curve.frequencies.length === 0) return html``;
  const { expectedFalseSelections: bound, shadowSelections: shadow } = task.document.selection;
  const said = [
    ...(bound === null ? [] : [`at most ${bound.toFixed(2)} false ones are expected beyond it`]),
    ...(shadow === null || shadow === undefined
      ? []
      : [`${shadow} were selected for a shadow target, which nothing explains`]),
  ];
  return html`${chartOrNote(
    'selection frequencies by rank',
    () => frequencyChart(task, curve),
    () =>
      table(
        ['>rank', '>selection frequency'],
        curve.frequencies.slice(0, 10).map((share, i) => [i + 1, percentFigure(share)]),
      ),
  )}${said.length > 0 ? html`<p class="small">Dashed: the threshold; ${said.join('; ')}.</p>` : ''}`;
}

function frequencyChart({ pair, horizon, document }: ReportTask, { frequencies }: FrequencyCurve): string {
  const { threshold, shadowSelections: shadow } = document.selection;
  const line = (name: string, at: [number, number][], color: string) => ({
    name,
    type: 'line',
    symbol: 'none',
    silent: true,
    lineStyle: { type: 'dashed', color, width: 1.5 },
    itemStyle: { color },
    data: at,
  });
  const isShadowKnown = shadow !== null && shadow !== undefined;
  const option: EChartsCoreOption = {
    title: { text: 'Selection frequencies by rank', top: 2, textStyle: { color: INK, fontSize: 13 } },
    grid: { left: 55, right: 24, top: 60, bottom: 40 },
    legend: { top: 28, itemGap: 18, itemWidth: 14, textStyle: { color: INK, fontSize: 11 } },
    xAxis: {
      ...AXIS,
      type: 'value',
      name: 'rank',
      nameLocation: 'middle',
      nameGap: 24,
      min: 1,
      max: frequencies.length + 1,
    },
    yAxis: {
      ...AXIS,
      type: 'value',
      min: 0,
      max: 1,
      axisLabel: { color: INK, formatter: (share: number) => formatPercent(share, 0) },
    },
    series: [
      {
        name: 'features',
        type: 'line',
        symbol: 'none',
        lineStyle: { color: SERIES_COLORS[0], width: 2 },
        itemStyle: { color: SERIES_COLORS[0] },
        data: frequencies.map((share, i) => [i + 1, share]),
      },
      line(
        'threshold',
        [
          [1, threshold],
          [frequencies.length + 1, threshold],
        ],
        SERIES_COLORS[5],
      ),
      ...(isShadowKnown
        ? [
            line(
              'selected for the shadow',
              [
                [shadow + 1, 0],
                [shadow + 1, 1],
              ],
              FAINT,
            ),
          ]
        : []),
    ],
  };
  return renderSvg(option, {
    width: 420,
    height: 280,
    label: `Selection frequencies of ${pair} h${horizon} by rank`,
  });
}
