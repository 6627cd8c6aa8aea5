import type { DependenceGroup } from '../model/result-document.js';
import { chartOrNote } from './chart-or-note.js';
import { shortFigure } from './figures.js';
import { featuresOverTime } from './fold-section.js';
import { type Html, html, table } from './html.js';
import type { ReportTask } from './report-data.js';
import { dependenceChart, shapSummaryChart } from './shap-charts.js';

/** Features with a dependence plot. */
const DEPENDENCE_PLOTS = 2;

/** Pairs of features named with their interaction. */
const PAIRS_SHOWN = 3;

type Shap = NonNullable<ReportTask['document']['shap']>;

/** SHAP of a horizon: the values of sampled rows, how they depend on the best features' values, and the facts. @param rows drawn at most; 0: no picture */
export function shapSection(
  { pair, horizon, document: { shap } }: ReportTask,
  rows = Number.POSITIVE_INFINITY,
): Html {
  if (!shap) return html``;
  const facts = html`<p class="small">SHAP explained on ${shap.rowsExplained} rows${minimum(shap)}. Largest additivity error
      ${shap.maxAdditivityError.toExponential(1)}.${known(shap)}</p>`;
  if (shap.basis !== 'stack') {
    return html`${facts}<p class="small">The stack gives no model any weight, so that no feature has a part in its
      predictions; features are ranked by the boosters on their own.</p>`;
  }
  return html`${pictures(shap, rows)}${facts}${together(shap)}${featuresOverTime(shap, `${pair} h${horizon}`, rows > 0)}`;
}

function pictures({ sample, top, unit }: Shap, most: number): Html {
  if (!sample || !top || sample.rows === 0 || sample.features.length === 0) return html``;
  if (most === 0) {
    return html`<p class="small">SHAP values are drawn for the surest results of a run of so many; these are in
      <code>results.json</code> beside this file.</p>`;
  }
  const step = Math.max(1, Math.ceil(sample.rows / most));
  const evenly = <T>(values: readonly T[]): T[] => values.filter((_, row) => row % step === 0);
  const features = sample.features.map(({ feature, values, shap }) => ({
    feature,
    values: evenly(values),
    shap: evenly(shap),
  }));
  const dependence = features.slice(0, DEPENDENCE_PLOTS).map((feature) => {
    const groups = top.find((candidate) => candidate.feature === feature.feature)?.dependence ?? [];
    return chartOrNote(
      `SHAP values by the value of ${feature.feature}`,
      () => dependenceChart(feature, groups, unit),
      () => dependenceTable(groups),
    );
  });
  const summary = chartOrNote('SHAP values of sampled rows', () => shapSummaryChart(features, unit));
  return html`${summary}
    <p class="small">${Math.ceil(sample.rows / step)} rows, evenly spread over time. Below: dots are these rows, the line is the mean over
      groups of all explained rows.</p>
    <div class="two">${dependence}</div>`;
}

function dependenceTable(groups: readonly DependenceGroup[]): Html {
  return table(
    ['>mean value', '>mean SHAP', '>rows'],
    groups.map(({ missing, meanValue, meanShap, rows }) => [
      missing ? 'missing' : shortFigure(meanValue),
      shortFigure(meanShap),
      rows,
    ]),
  );
}

/** Pairs of features that do most together. */
function together({ interactions, unit }: Shap): Html {
  const pairs = interactions?.pairs.slice(0, PAIRS_SHOWN) ?? [];
  if (!interactions || pairs.length === 0) return html``;
  const named = pairs.map(
    ({ features, meanAbs }) => `${features[0]} × ${features[1]} ${shortFigure(meanAbs)}`,
  );
  return html`<p class="small">What the best features do only in pairs, mean size on ${interactions.rows} rows, ${unit}:
    ${named.join('; ')}.</p>`;
}

/** How large the part is that needs no feature, beside the best feature's. */
function known({ known: part, features, unit }: Shap): Html {
  const best = features?.[0];
  if (!part || !best) return html``;
  return html` Mean size of contributions, ${unit}: ${part.name.replaceAll('_', ' ')} ${shortFigure(part.meanAbs)},
    best feature ${shortFigure(best.meanAbs)}.`;
}

/** Whether the minimum that the configuration sets, if any, was met. */
function minimum({ rowsWanted, rowsWantedMet }: Shap): Html {
  if (rowsWanted === 0) return html``;
  return html`; the configured minimum of ${rowsWanted} was ${rowsWantedMet ? 'met' : html`<b>not met</b>`}`;
}
