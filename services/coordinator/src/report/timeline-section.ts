import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatDuration } from '@onescan/contract/format/duration.js';
import { formatPercent } from '@onescan/contract/format/percent.js';
import type { EChartsCoreOption } from 'echarts/core';
import { attemptTraceUrl } from '../runs/run-view.js';
import { chartOrNote } from './chart-or-note.js';
import { type Html, html, linked, table } from './html.js';
import { AXIS, INK, renderSvg, SERIES_COLORS } from './render-svg.js';
import type { ReportData } from './report-data.js';
import type { Stretch } from './run-timeline.js';

const LANE = 26;
/** Stretches listed; the picture has all. */
const LISTED = 400;
const FAILED = '#b3261e';

/** Who did what when, attempts that were lost among it. */
export function timelineSection({ timeline, snapshot, traces }: ReportData): Html {
  if (timeline.length === 0) return html``;
  const attempts = attemptRows(snapshot, traces);
  return html`<h3 id="timeline">Timeline</h3>${chartOrNote(
    'who did what when',
    () => timelineChart(timeline),
    () => timelineTable(timeline, snapshot.run.createdMs),
  )}${attempts.length > 0 ? html`<h3 id="attempts">Attempts</h3>${table(ATTEMPT_COLUMNS, attempts)}` : ''}`;
}

const ATTEMPT_COLUMNS = [
  'pair',
  '>horizon',
  '>attempt',
  'trainer',
  '>after',
  '>took',
  '>peak memory',
  'ended',
  'in',
  'why',
];

/** Attempts beyond these are in `onescan show`. */
const ATTEMPTS_LISTED = 1_000;

/** Every attempt at every horizon; its number leads to its span where there is a Jaeger. */
function attemptRows({ run, tasks }: ReportData['snapshot'], traces: string): (string | number | Html)[][] {
  const all = [...tasks.values()].flatMap((task) => task.attempts.map((own) => ({ ...own, ...keyOf(task) })));
  return all
    .slice(0, ATTEMPTS_LISTED)
    .map(({ pair, horizon, attempt, trainerId, startedMs, endedMs, outcome, stage, fraction, ...more }) => [
      ...[pair, `h${horizon}`],
      linked(String(attempt), attemptTraceUrl(traces, run, { pair, horizon, attempt })),
      trainerId,
      formatDuration(Math.max(0, startedMs - run.createdMs) / 1000),
      endedMs === undefined ? '' : formatDuration((endedMs - startedMs) / 1000),
      more.peakRssBytes > 0n ? formatBytes(more.peakRssBytes) : '–',
      (outcome || 'under way').toLowerCase().replaceAll('_', ' '),
      stage === '' ? '' : `${stage} ${formatPercent(fraction)}`,
      more.message,
    ]);
}

function keyOf({ pair, horizon }: { pair: string; horizon: number }): { pair: string; horizon: number } {
  return { pair, horizon };
}

function timelineTable(timeline: readonly Stretch[], startMs: number): Html {
  return table(
    ['where', 'what', '>after', '>took', 'ended'],
    timeline
      .slice(0, LISTED)
      .map(({ where, what, fromMs, toMs, ended }) => [
        where,
        what,
        formatDuration(Math.max(0, fromMs - startMs) / 1000),
        formatDuration(Math.max(0, toMs - fromMs) / 1000),
        ended,
      ]),
  );
}

interface Drawing {
  value(i: number): number;
  coord(point: number[]): number[];
}

/** A lane for fetches and for each trainer, with what it did in seconds since the first of it. */
export function timelineChart(timeline: readonly Stretch[]): string {
  const lanes = [...new Set(timeline.map(({ where }) => where))].sort((a, b) =>
    a === 'fetch' ? -1 : b === 'fetch' ? 1 : a < b ? -1 : 1,
  );
  const start = Math.min(...timeline.map(({ fromMs }) => fromMs));
  const pairs = [...new Set(timeline.map(({ what }) => what.split(' ')[0]!))];
  const color = ({ what, ended }: Stretch): string =>
    ended === 'failed' ? FAILED : SERIES_COLORS[pairs.indexOf(what.split(' ')[0]!) % SERIES_COLORS.length]!;
  const option: EChartsCoreOption = {
    grid: { left: 140, right: 20, top: 6, bottom: 40 },
    xAxis: { ...AXIS, type: 'value', min: 0, name: 'seconds', nameLocation: 'middle', nameGap: 24 },
    yAxis: {
      ...AXIS,
      type: 'category',
      inverse: true,
      data: lanes,
      axisLabel: { color: INK, width: 125, overflow: 'truncate' },
    },
    series: [
      {
        type: 'custom',
        encode: { x: [1, 2], y: 0 },
        data: timeline.map((stretch) => ({
          value: [
            lanes.indexOf(stretch.where),
            (stretch.fromMs - start) / 1000,
            (stretch.toMs - start) / 1000,
          ],
          itemStyle: { color: color(stretch) },
        })),
        renderItem: ({ dataIndex }: { dataIndex: number }, api: Drawing) => {
          const [x, y] = api.coord([api.value(1), api.value(0)]);
          const [end] = api.coord([api.value(2), api.value(0)]);
          const shape = { x, y: y! - LANE / 3, width: Math.max(1, end! - x!), height: (2 * LANE) / 3 };
          return { type: 'rect', shape, style: { fill: color(timeline[dataIndex]!) } };
        },
      },
    ],
  };
  return renderSvg(option, {
    width: 860,
    height: 60 + LANE * lanes.length,
    label: 'Timeline of fetches and of the tasks of each trainer',
  });
}
