import type { EChartsCoreOption } from 'echarts/core';
import { AXIS, INK, renderSvg, SERIES_COLORS } from './render-svg.js';
import type { ReportTask } from './report-data.js';

/** Mean |SHAP| of the best features, and how often selection chose them. */
export function featureChart(task: ReportTask): string {
  const features = [...task.features].reverse();
  const names = features.map(({ featureId }) => featureId);
  const option: EChartsCoreOption = {
    title: [
      {
        text: `mean |SHAP|, ${task.document.shap?.unit ?? ''}`,
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
        axisLabel: { color: INK, formatter: (value: number) => `${Math.round(value * 100)} %` },
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
      bars(
        features.map(({ shapMeanAbs }) => shapMeanAbs),
        SERIES_COLORS[0],
        0,
      ),
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

function bars(values: (number | undefined)[], color: string, axis: number): Record<string, unknown> {
  const data = values.map((value) => value ?? null);
  return { type: 'bar', xAxisIndex: axis, yAxisIndex: axis, itemStyle: { color }, data };
}
