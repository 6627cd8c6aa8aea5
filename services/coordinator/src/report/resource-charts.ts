import type { EChartsCoreOption } from 'echarts/core';
import { shortName } from './figures.js';
import { AXIS, FAINT, INK, LEGEND, renderSvg, SERIES_COLORS } from './render-svg.js';

/** What a trainer gave, and the most memory that it took. */
export interface TrainerMemory {
  readonly trainer: string;
  readonly results: number;
  readonly peak: bigint;
  /** 0 without one. */
  readonly limit: bigint;
}

const GIB = 2 ** 30;

/** The most memory that each trainer took, beside its limit. */
export function memoryChart(trainers: readonly TrainerMemory[]): string {
  const gib = (bytes: bigint): number => Number(bytes) / GIB;
  const bars = (name: string, color: string, values: (number | null)[]) => ({
    name,
    type: 'bar',
    barGap: 0,
    itemStyle: { color },
    data: values,
  });
  const option: EChartsCoreOption = {
    grid: { left: 140, right: 30, top: 30, bottom: 40 },
    legend: LEGEND,
    xAxis: { ...AXIS, type: 'value', min: 0, name: 'GiB', nameLocation: 'middle', nameGap: 26 },
    yAxis: {
      ...AXIS,
      type: 'category',
      inverse: true,
      data: trainers.map(({ trainer }) => shortName(trainer)),
      axisLabel: { color: INK, width: 125, overflow: 'truncate' },
    },
    series: [
      bars(
        'peak',
        SERIES_COLORS[0],
        trainers.map(({ peak }) => gib(peak)),
      ),
      bars(
        'limit',
        FAINT,
        trainers.map(({ limit }) => (limit > 0n ? gib(limit) : null)),
      ),
    ],
  };
  const height = 80 + 26 * trainers.length;
  return renderSvg(option, { width: 860, height, label: 'Peak memory of each trainer beside its limit' });
}

/** Seconds by stage for every pair, stacked. */
export function stageChart(
  pairs: readonly { pair: string; seconds: Readonly<Record<string, number>> }[],
): string {
  const stages = [...new Set(pairs.flatMap(({ seconds }) => Object.keys(seconds)))];
  const option: EChartsCoreOption = {
    grid: { left: 80, right: 30, top: 36, bottom: 40 },
    legend: LEGEND,
    xAxis: { ...AXIS, type: 'value', name: 'seconds', nameLocation: 'middle', nameGap: 26 },
    yAxis: { ...AXIS, type: 'category', inverse: true, data: pairs.map(({ pair }) => pair) },
    series: stages.map((stage, i) => ({
      name: stage,
      type: 'bar',
      stack: 'all',
      itemStyle: { color: SERIES_COLORS[i % SERIES_COLORS.length] },
      data: pairs.map(({ seconds }) => seconds[stage] ?? 0),
    })),
  };
  return renderSvg(option, {
    width: 860,
    height: 90 + 26 * pairs.length,
    label: 'Seconds by stage and pair',
  });
}
