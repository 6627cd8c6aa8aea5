import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatDuration } from '@onescan/contract/format/duration.js';
import type { RunEvidence } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { Suspicion } from '@onescan/contract/generated/onescan/v1/result.js';
import { pairSuspicions } from '@onescan/contract/pair-suspicions.js';
import { readReason, reasonMeaning, reasonText } from '@onescan/contract/reasons/reason.js';
import { missedReason } from '@onescan/dataset/missed-tables.js';
import { roundedReason } from '@onescan/dataset/rounded-columns.js';
import type { FrequencyCurve } from '../store/ledger-figures.js';
import { adjustedP } from './adjusted-p.js';
import { chartOrNote, sectionOrNote } from './chart-or-note.js';
import { accuracyTable, gatingTable, reliabilityTable, stageTable } from './chart-tables.js';
import { accuracyChart, gatingChart, reliabilityChart } from './charts.js';
import { featureChart, featureTable } from './feature-chart.js';
import { figure, interval, percentFigure } from './figures.js';
import { foldSection } from './fold-section.js';
import { type Html, html, table } from './html.js';
import type { ReportData, ReportTask } from './report-data.js';
import { memoryChart, stageChart, type TrainerMemory } from './resource-charts.js';
import { frequencySection } from './selection-charts.js';
import { shapSection } from './shap-section.js';

/** Suspected features listed one by one. */
const SUSPICIONS_SHOWN = 50;

/** What keeps the run from being complete. */
export function problemsSection({ snapshot }: ReportData): Html {
  const { problems } = snapshot.run;
  if (problems.length === 0) return html``;
  return html`<div class="problems"><h2>What is missing</h2><ul>${problems.map((problem) => html`<li>${reasonText(problem)}</li>`)}</ul></div>`;
}

/** Numbers that the datasets hold with fewer digits than the warehouse, and tables of which they hold hardly a row. */
export function roundedSection({ snapshot }: ReportData): Html {
  const lines = [...snapshot.pairs.values()].flatMap(({ pair, dataset }) =>
    (dataset ? datasetReasons(dataset) : []).map((why) => html`<li>${pair}: ${reasonText(why)}</li>`),
  );
  if (lines.length === 0) return html``;
  return html`<h2>Numbers that were rounded, rows that were missed</h2><ul>${lines}</ul>`;
}

function datasetReasons({ rounded, missedTables }: DatasetRef) {
  return [...(rounded ? [roundedReason(rounded)] : []), ...missedTables.map(missedReason)];
}

/** Expected number of false selections over the whole run. */
export function selectionSection({ done }: ReportData): Html {
  const bounds = done.map(({ summary }) => summary.expectedFalseSelections);
  const known = bounds.filter((bound) => Number.isFinite(bound));
  const total = known.reduce((sum, bound) => sum + bound, 0);
  const retained = done.reduce((sum, { summary }) => sum + summary.featuresRetained, 0);
  const unbounded = bounds.length - known.length;
  const share = retained > 0 ? ` (${percentFigure(Math.min(1, total / retained))})` : '';
  return html`<h2 id="selection">Selection</h2>
    <p>Over all pair-horizons ${retained} features were retained. At most <b>${total.toFixed(2)}</b>${share} of them are
      expected to be false by the selection's nominal error bound${
        unbounded > 0 ? html`, which ${unbounded} of ${bounds.length} results do not have` : ''
      }.</p>${suspicions(done)}`;
}

/** Features that predict too well to be believed: worth a look at how they are made. */
function suspicions(done: readonly ReportTask[]): Html {
  const found = pairSuspicions(
    done.map(({ pair, horizon, document }) => ({
      pair,
      horizon,
      suspicions: [
        ...document.selection.leakage.map((leak) => asSuspicion(leak, false)),
        ...document.suspicious.map((one) => asSuspicion(one, true)),
      ],
    })),
  );
  if (found.length === 0) return html``;
  const rows = found
    .slice(0, SUSPICIONS_SHOWN)
    .map(({ pair, featureId, reason, why, retained, horizons }) => [
      pair,
      featureId,
      retained ? `retained at ${horizons.map((h) => `h${h}`).join(', ')}` : 'refused',
      reasonText(readReason(why, reason)),
    ]);
  const more =
    found.length > SUSPICIONS_SHOWN
      ? html`<p class="small">${found.length - SUSPICIONS_SHOWN} more are in the ledger.</p>`
      : '';
  return html`<div class="problems"><h3>Suspected leaks</h3>
    <p>Features that predict too well to be believed. What gives away the target of one horizon is refused for all
      horizons of the pair. Retained ones do better by themselves than honest features of a market are known to do:
      believe no verdict that rests on them before you have looked at how they are made. Name leaks in
      <code>universe.future</code>.</p>
    ${table(['pair', 'feature', 'what became of it', 'reason'], rows)}${more}</div>`;
}

type Suspect = ReportTask['document']['suspicious'][number];

function asSuspicion({ feature, reason, reasonCode, facts }: Suspect, retained: boolean): Suspicion {
  const why = reasonCode === undefined ? {} : { why: { code: reasonCode, facts } };
  return { featureId: feature, reason, retained, ...why };
}

/** Where the features of the universe ended. */
export function ledgerSection({ totals, snapshot }: ReportData): Html {
  const sum = totals.reduce((rows, total) => rows + total.rows, 0);
  const rows = totals.map(({ status, stage, reasonCode, rows: count }) => [
    status,
    stage,
    reasonMeaning(reasonCode),
    count.toLocaleString('en'),
    sum > 0 ? percentFigure(count / sum) : '',
  ]);
  return html`<h2 id="ledger">Ledger</h2>
    <p>${snapshot.run.ledgerRows.toLocaleString('en')} rows: one for every feature, pair and horizon of the results.
      All of them are in <code>ledger.parquet</code> beside this file.</p>
    ${table(['status', 'stage', 'because', '>rows', '>share'], rows)}`;
}

/** Time by stage and memory by trainer. */
export function resourcesSection({ snapshot, done }: ReportData): Html {
  const pairs = [...snapshot.pairs.values()].map(({ pair, fetchSeconds }) => {
    const seconds: Record<string, number> = { fetch: fetchSeconds };
    for (const task of done.filter((candidate) => candidate.pair === pair)) {
      for (const [stage, spent] of Object.entries(task.stats?.stageSeconds ?? {})) {
        seconds[stage] = (seconds[stage] ?? 0) + spent;
      }
    }
    return { pair, seconds };
  });
  const { createdMs, endedMs, workersUsed } = snapshot.run;
  const attempts = done.reduce((sum, task) => sum + task.attempt, 0);
  return html`<h2 id="resources">Time and memory</h2>
    <p>${formatDuration(((endedMs ?? createdMs) - createdMs) / 1000)} from start to end, waiting for approvals
      included; at most ${workersUsed} trainers at work at once; ${attempts} attempts for ${done.length} results.</p>
    ${chartOrNote(
      'the seconds by stage',
      () => stageChart(pairs),
      () => stageTable(pairs),
    )}
    <h3>Memory</h3>
    ${chartOrNote(
      'the peak memory of each trainer',
      () => memoryChart(trainersOf(done)),
      () => table(['trainer', '>results', '>peak memory', '>limit', '>share'], memoryRows(done)),
    )}`;
}

function memoryRows(done: readonly ReportTask[]): (string | number)[][] {
  return trainersOf(done).map(({ trainer, results, peak, limit }) => [
    trainer,
    results,
    formatBytes(peak),
    formatBytes(limit),
    limit > 0n ? `${Math.round((100 * Number(peak)) / Number(limit))} %` : 'no limit',
  ]);
}

/** The trainers that gave results, with the most memory that each of them took. */
function trainersOf(done: readonly ReportTask[]): TrainerMemory[] {
  const trainers = new Map<string, TrainerMemory>();
  for (const { stats } of done) {
    if (!stats) continue;
    const { trainerId: trainer, peakRssBytes, memoryLimitBytes: limit } = stats;
    const known = trainers.get(trainer);
    const peak = known && known.peak > peakRssBytes ? known.peak : peakRssBytes;
    trainers.set(trainer, { trainer, results: (known?.results ?? 0) + 1, peak, limit });
  }
  return [...trainers.values()];
}

/** A pair: accuracy beside the baselines for all horizons. */
export function pairSection(pair: string, tasks: readonly ReportTask[], evidence?: RunEvidence): Html {
  const rows = tasks.map(({ horizon, summary, document }) => {
    const { auc } = document.final.direction;
    return [
      `h${horizon}`,
      interval(document.final.direction.accuracy),
      `${percentFigure(summary.bestBaselineAccuracy)} (${summary.bestBaseline.replaceAll('_', ' ')})`,
      figure(auc.value),
      summary.featuresRetained === 0
        ? 'not tested'
        : `${figure(summary.skill, 4)} [${figure(summary.skillLow, 4)}, ${figure(summary.skillHigh, 4)}]`,
      figure(summary.pValue ?? null, 4),
      adjustedP(evidence, { pair, horizon }),
      `${figure(summary.detectableGain ?? null, 4)}, AUC ${figure(summary.detectableAuc ?? null)}`,
      `${summary.featuresRetained} of ${summary.featuresTested}`,
      figure(summary.expectedFalseSelections, 2),
    ];
  });
  const head = [
    'horizon',
    '>accuracy',
    '>best baseline',
    '>AUC',
    '>log loss saved',
    '>p',
    '>p, adjusted',
    '>would see',
    '>features',
    '>false at most',
  ];
  return html`<h2 id="${pair}">${pair.toUpperCase()}</h2>
    ${chartOrNote(
      'accuracy by horizon',
      () => accuracyChart(pair, tasks),
      () => accuracyTable(tasks),
    )}
    ${table(head, rows)}
    <p class="small">Intervals are block-bootstrap intervals of ${coverage(tasks)} coverage on
      the untouched last part of the period. Log loss saved is in nats a row, against the same stack without models.
      What would be seen is the smallest gain, and AUC of what is not yet known, that such a sample shows four times in five.</p>
    ${sectionOrNote('the scores fold by fold', () => foldSection(pair, tasks))}`;
}

/** One horizon of a pair in detail, folded; a lazy one is text to a browser until it is unfolded, if it runs scripts. */
export function taskSection(
  task: ReportTask,
  {
    curve,
    shapRows,
    isLazy = false,
  }: { curve?: FrequencyCurve | undefined; shapRows?: number; isLazy?: boolean } = {},
): Html {
  const { document, summary } = task;
  const { direction } = document.final;
  const { chosen } = document.gating;
  const text = html`<p>${document.rows.final} rows scored, ${document.rows.development} to develop on. Calibration error
      ${figure(direction.calibrationError.value)}, Brier score ${figure(direction.brier.value)}.
      ${chosen ? html`The gate chosen before the last part was seen calls at ${percentFigure(chosen.threshold)} and is right in ${interval(chosen.accuracy)} of ${chosen.calls} calls.` : ''}</p>
    <div class="two">
      ${chartOrNote(
        'the most confident calls',
        () => gatingChart(task),
        () => gatingTable(task),
      )}
      ${chartOrNote(
        'shares up by predicted probability',
        () => reliabilityChart(task),
        () => reliabilityTable(task),
      )}</div>
    ${sectionOrNote('selection frequencies', () => frequencySection(task, curve))}
    ${task.features.length > 0 ? bestFeatures(task) : html`<p>No feature was retained.</p>`}
    ${sectionOrNote('what interacts', () => interactions(document))}
    ${sectionOrNote('SHAP', () => shapSection(task, shapRows))}`;
  const title = reasonText(readReason(summary.verdictReason, summary.verdictText));
  return html`<details><summary>${title}</summary>${isLazy ? html`<noscript>${text}</noscript>` : text}</details>`;
}

function bestFeatures(task: ReportTask): Html {
  return chartOrNote(
    'the best features',
    () => featureChart(task),
    () => featureTable(task),
  );
}

/** Pairs of features that together say more than one by one, where they were looked for. */
function interactions({ interactions: found }: ReportTask['document']): Html {
  if (!found) return html``;
  const names = found.retained.map(
    ({ features, by, frequency }) =>
      html`<li>${factor(features[0], by[0])} × ${factor(features[1], by[1])}: in ${percentFigure(frequency)} of the subsamples</li>`,
  );
  return html`<p class="small">Of ${found.tested} pairs of features ${found.retained.length} interact;
    for a target that nothing predicts it was ${found.shadowSelections ?? '–'}.</p>
    ${names.length > 0 ? html`<ul class="small">${names}</ul>` : ''}`;
}

/** A feature as it enters a product: bars stand around one that enters by its size. */
function factor(feature: string, by: 'value' | 'size'): string {
  return by === 'size' ? `|${feature}|` : feature;
}

/** The documents state the error level of one side. */
function coverage(tasks: readonly ReportTask[]): string {
  const share = tasks[0] ? Math.round(1000 * (1 - 2 * tasks[0].document.skill.level)) / 10 : Number.NaN;
  return Number.isFinite(share) ? `${share} %` : 'unknown';
}
