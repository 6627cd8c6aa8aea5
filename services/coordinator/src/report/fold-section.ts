import type { EChartsCoreOption } from 'echarts/core';
import type { FoldFigures } from '../model/result-document.js';
import { chartOrNote } from './chart-or-note.js';
import { figure, percentFigure, shortFigure, shortName } from './figures.js';
import { heatMap } from './heat-map.js';
import { type Html, html, table } from './html.js';
import { AXIS, LEGEND, renderSvg, SERIES_COLORS } from './render-svg.js';
import type { ReportTask } from './report-data.js';

/** Log losses are told in thousandths of a nat. */
const PER_NAT = 1_000;

/** How a pair's scores held over time: fold by fold, on rows that no model of theirs saw. */
export function foldSection(pair: string, tasks: readonly ReportTask[]): Html {
  if (tasks.every((task) => foldsOf(task).length === 0)) return html``;
  return html`<h3>Scores fold by fold</h3>
    ${chartOrNote(
      `the scores of ${pair} fold by fold`,
      () => foldChart(pair, tasks),
      () => foldTable(tasks),
    )}
    <p class="small">Log loss that the models save beside what they start from, in thousandths of a nat a row, by parts of the
      development time in their order. To compare, not for the verdict, which rests on the last part alone.</p>`;
}

function foldsOf({ document }: ReportTask): readonly FoldFigures[] {
  return document.outOfFold?.byFold ?? [];
}

function saved({ logLoss, known }: FoldFigures): number | null {
  if (logLoss === null || known.logLoss === null) return null;
  const nats = PER_NAT * (known.logLoss - logLoss);
  return Number.isFinite(nats) ? nats : null;
}

/** A line a horizon, a place a fold. */
function foldChart(pair: string, tasks: readonly ReportTask[]): string {
  const folds = new Map(tasks.flatMap((task) => foldsOf(task).map((fold) => [fold.fold, fold] as const)));
  const places = [...folds].sort(([a], [b]) => a - b);
  const option: EChartsCoreOption = {
    grid: { left: 60, right: 40, top: 40, bottom: 30 },
    legend: LEGEND,
    xAxis: {
      ...AXIS,
      type: 'category',
      data: places.map(([fold, { from, to }]) => `fold ${fold}, ${day(from)} to ${day(to)}`),
    },
    yAxis: { ...AXIS, type: 'value' },
    series: tasks.map((task, i) => ({
      name: `h${task.horizon}`,
      type: 'line',
      symbol: 'circle',
      symbolSize: 6,
      lineStyle: {
        width: 2,
        type: i < SERIES_COLORS.length ? 'solid' : 'dashed',
        color: SERIES_COLORS[i % SERIES_COLORS.length],
      },
      itemStyle: { color: SERIES_COLORS[i % SERIES_COLORS.length] },
      data: places.map(([fold]) => {
        const own = foldsOf(task).find((each) => each.fold === fold);
        return own ? saved(own) : null;
      }),
    })),
  };
  const label = `Log loss saved fold by fold by horizon for ${pair}`;
  return renderSvg(option, { width: 860, height: 260, label });
}

function foldTable(tasks: readonly ReportTask[]): Html {
  return table(
    ['horizon', 'fold', 'from', 'to', '>rows', '>AUC', '>accuracy', '>without models', '>log loss saved'],
    tasks.flatMap((task) =>
      foldsOf(task).map((fold) => [
        `h${task.horizon}`,
        fold.fold,
        day(fold.from),
        day(fold.to),
        fold.rows,
        figure(fold.auc),
        percentFigure(fold.accuracy),
        percentFigure(fold.known.accuracy),
        shortFigure(saved(fold)),
      ]),
    ),
  );
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** Features whose use is shown over time. */
const FEATURES_OVER_TIME = 10;

type Shap = NonNullable<ReportTask['document']['shap']>;

/** What the best features save in each fold: whether they helped all the time. @param isDrawn false: the table alone */
export function featuresOverTime({ features = [] }: Shap, of: string, isDrawn: boolean): Html {
  const shown = features
    .slice(0, FEATURES_OVER_TIME)
    .flatMap(({ feature, byFold }) => (byFold ? [{ feature, byFold }] : []));
  const folds = shown[0]?.byFold.map((_, k) => `fold ${k + 1}`) ?? [];
  if (folds.length === 0) return html``;
  const figures = (): Html =>
    table(
      ['feature', ...folds.map((fold) => `>${fold}`)],
      shown.map(({ feature, byFold }) => [
        feature,
        ...byFold.map((gain) => (gain === null ? '–' : shortFigure(PER_NAT * gain))),
      ]),
    );
  const draw = (): string =>
    heatMap({
      label: `What the best features of ${of} save in each fold`,
      columns: folds,
      rows: shown.map(({ feature }) => shortName(feature)),
      cells: shown.flatMap(({ byFold }, y) =>
        byFold.flatMap((gain, x) =>
          gain === null ? [] : [{ value: [x, y, gain], label: { formatter: shortFigure(PER_NAT * gain) } }],
        ),
      ),
      isSigned: true,
    });
  return html`<p class="small">Log loss that the best features save in each fold, in order of time, in thousandths of a nat; nothing
      where the fold did not select the feature.</p>
    ${isDrawn ? chartOrNote('what the best features save in each fold', draw, figures) : figures()}`;
}
