import type { EChartsCoreOption } from 'echarts/core';
import { AXIS, INK, PAPER, renderSvg } from './render-svg.js';

const ROW = 20;
const NAMES = 260;
const WIDTH = 860;
/** Light to dark, which tells apart in print and for colour-blind readers too. */
const SHADES = ['#f1f5f9', '#9ec3dd', '#3b82b0', '#0b3d63'];
/** Below 0 to above it. */
const SIGNED = ['#a63d00', '#f0c9a8', '#f4f4f4', '#a9cde4', '#0b4a7a'];

/** A figure by row and column. */
interface HeatMap {
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly string[];
  readonly cells: readonly {
    readonly value: readonly number[];
    readonly label: { readonly formatter: string };
  }[];
  /** Figures go to both sides of 0. */
  readonly isSigned?: boolean;
}

/** Draws figures as shades: by their size, or to both sides of 0. */
export function heatMap({ label, columns, rows, cells, isSigned = false }: HeatMap): string {
  const isWide = columns.length > 14;
  const sizes = cells.map(({ value }) => Math.abs(value[2]!));
  const most = Math.max(isSigned ? Number.MIN_VALUE : 0.01, ...sizes);
  const option: EChartsCoreOption = {
    grid: { left: NAMES, right: 10, top: isWide ? 64 : 30, bottom: 6 },
    xAxis: {
      ...AXIS,
      type: 'category',
      data: [...columns],
      position: 'top',
      axisLabel: { color: INK, interval: 0, rotate: isWide ? 60 : 0 },
    },
    yAxis: {
      ...AXIS,
      type: 'category',
      data: [...rows],
      inverse: true,
      axisLabel: { color: INK, width: NAMES - 15, overflow: 'truncate' },
    },
    visualMap: {
      show: false,
      min: isSigned ? -1 : 0,
      max: 1,
      inRange: { color: isSigned ? SIGNED : SHADES },
    },
    series: [
      {
        type: 'heatmap',
        data: cells.map(({ value, label: text }) => ({
          // As shares: the largest double has no twice as large range.
          value: [value[0], value[1], value[2]! / most],
          label: { ...text, color: Math.abs(value[2]!) > (isSigned ? 0.75 : 0.45) * most ? '#fff' : '#111' },
        })),
        label: { show: !isWide, fontSize: 10 },
        itemStyle: { borderColor: PAPER, borderWidth: 1 },
      },
    ],
  };
  return renderSvg(option, { width: WIDTH, height: (isWide ? 74 : 40) + ROW * rows.length, label });
}
