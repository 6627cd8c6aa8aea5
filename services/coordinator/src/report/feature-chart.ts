import { formatPercent } from '@onescan/contract/format/percent.js';
import type { EChartsCoreOption } from 'echarts/core';
import { shortFigure, shortName } from './figures.js';
import { type Html, table } from './html.js';
import { AXIS, INK, renderSvg, SERIES_COLORS } from './render-svg.js';
import type { ReportTask } from './report-data.js';

/** Mean |SHAP| of the best features, and how often selection chose them. */
export function featureChart(task: ReportTask): string {
  const features = [...task.features].reverse();
  const names = features.map(({ featureId }) => shortName(featureId));
  const { unit, values } = inUnits(features.map(({ shapMeanAbs }) => shapMeanAbs));
  const option: EChartsCoreOption = {
    title: [
      {
        text: `mean |SHAP|, ${unit}${task.document.shap?.unit ?? ''}`,
        left: 250,
        textStyle: { color: INK, fontSize: 13 },
      },
      { text: 'selection frequency', left: 610, textStyle: { color: INK, fontSize: 13 } },
    ],
    grid: [
      { left: 250, width: 330, top: 34, bottom: 26 },
      { left: 610, width: 230, top: 34, bottom: 26 },
    ],
    xAxis: [
      { ...AXIS, type: 'value', gridIndex: 0 },
      {
        ...AXIS,
        type: 'value',
        gridIndex: 1,
        max: 1,
        axisLabel: { color: INK, formatter: (value: number) => formatPercent(value, 0) },
      },
    ],
    yAxis: [
      {
        ...AXIS,
        type: 'category',
        data: names,
        gridIndex: 0,
        axisLabel: { color: INK, width: 235, overflow: 'truncate' },
      },
      { ...AXIS, type: 'category', data: names, gridIndex: 1, axisLabel: { show: false } },
    ],
    series: [
      bars(values, SERIES_COLORS[0], 0),
      bars(
        features.map(({ selectionFrequency }) => selectionFrequency),
        SERIES_COLORS[2],
        1,
      ),
    ],
  };
  return renderSvg(option, {
    width: 860,
    height: 68 + 20 * features.length,
    label: `Best features of ${task.pair} h${task.horizon}`,
  });
}

/** The figures as a table. */
export function featureTable({ features }: ReportTask): Html {
  return table(
    ['feature', '>mean |SHAP|', '>selection frequency'],
    features.map(({ featureId, shapMeanAbs, selectionFrequency }) => [
      featureId,
      shortFigure(shapMeanAbs),
      shortFigure(selectionFrequency),
    ]),
  );
}

/** Values of a size that an axis can be labelled with, and the power of ten that they are counted in. */
function inUnits(values: readonly (number | undefined)[]): { unit: string; values: (number | undefined)[] } {
  const largest = values.reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
  const power = Math.floor(Math.log10(largest));
  if (!Number.isFinite(power) || (power >= -4 && power <= 5)) return { unit: '', values: [...values] };
  const unit = Number(`1e${power}`);
  return { unit: `in units of 1e${power} `, values: values.map((value) => value && value / unit) };
}

function bars(values: (number | undefined)[], color: string, axis: number): Record<string, unknown> {
  const data = values.map((value) => value ?? null);
  return { type: 'bar', xAxisIndex: axis, yAxisIndex: axis, itemStyle: { color }, data };
}
