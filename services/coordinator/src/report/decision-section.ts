import { formatUsd } from '@onescan/contract/format/usd.js';
import type { RunEvidence } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { type NextStep, nextSteps } from '@onescan/contract/next-steps.js';
import { readReason, reasonText } from '@onescan/contract/reasons/reason.js';
import type { RunSnapshot } from '../model/run-record.js';
import { runStateToProto } from '../runs/run-view.js';
import { adjustedBy, adjustedP } from './adjusted-p.js';
import { figure, percentFigure } from './figures.js';
import { type Html, html, table } from './html.js';
import type { ReportData, ReportTask } from './report-data.js';

/** What the reader came for: where there is skill, how sure that is, what it cost, what is suspicious, what to do next. */
export function decisionSection(data: ReportData): Html {
  const { done, snapshot } = data;
  const { evidence } = snapshot.run;
  const skilled = skilledTasks(data);
  const lead = html`<p class="lead"><b>${skilled.length} of ${done.length} results show skill</b> beyond what the overlap of
    target and known bars gives${skilled.length > 0 ? html`: ${pairsOf(skilled)}` : ''}. ${costText(data)}${suspectText(done)}</p>
    ${evidenceText(snapshot)}`;
  const steps = stepsOf(snapshot).map(
    ({ why, command }) => html`<li><code>${command}</code><br><span class="small">${why}</span></li>`,
  );
  return html`<h2 id="decision">Decision</h2>${lead}
    ${
      skilled.length > 0
        ? table(
            SKILL_COLUMNS,
            skilled.slice(0, MOST_ROWS).map((task) => skillRow(task, evidence)),
          )
        : ''
    }
    ${skilled.length > 0 ? html`<p class="small">Log loss saved is in nats a row, against the same stack without models, on the untouched last part of the period; best first, by the lower end of its interval${skilled.length > MOST_ROWS ? `; ${skilled.length - MOST_ROWS} more are in the map below` : ''}.${evidence ? ` ${adjustedBy(evidence)}` : ''}</p>` : ''}
    ${steps.length > 0 ? html`<h3>What next</h3><ol>${steps}</ol>` : ''}`;
}

/** How the verdicts look when all tests of the run are counted. */
function evidenceText({ run: { evidence } }: RunSnapshot): Html {
  if (!evidence?.verdictReason) return html``;
  return html`<p>${reasonText(readReason(evidence.verdictReason, evidence.verdictText))}.</p>`;
}

/** What to do next with a run. */
export function stepsOf({ run, tasks }: RunSnapshot): NextStep[] {
  const { runId, state, spec } = run;
  return nextSteps({ runId, state: runStateToProto(state), spec, tasks: [...tasks.values()] });
}

/** Results with skill, the surest first. */
export function skilledTasks({ done }: Pick<ReportData, 'done'>): ReportTask[] {
  return done
    .filter(({ summary }) => summary.verdict.startsWith('SKILL'))
    .sort(
      (a, b) =>
        b.summary.skillLow - a.summary.skillLow || a.horizon - b.horizon || (a.pair < b.pair ? -1 : 1),
    );
}

/** Results with skill that are listed; the map of verdicts has all. */
const MOST_ROWS = 20;
/** Pairs that the first sentence names. */
const PAIRS_NAMED = 8;

/** Columns of {@link skillRow}; ">" marks figures. */
export const SKILL_COLUMNS = [
  'pair',
  '>horizon',
  '>log loss saved',
  '>interval',
  '>p, adjusted',
  '>accuracy',
  '>best baseline',
  '>features',
  '>suspicious',
];

/** A result's figures as texts, in the order of the table's columns. */
export function skillRow(
  { pair, horizon, summary }: ReportTask,
  evidence: RunEvidence | undefined,
): string[] {
  return [
    pair,
    `h${horizon}`,
    figure(summary.skill, 4),
    `${figure(summary.skillLow, 4)} to ${figure(summary.skillHigh, 4)}`,
    adjustedP(evidence, { pair, horizon }),
    percentFigure(summary.accuracy),
    `${percentFigure(summary.bestBaselineAccuracy)} ${summary.bestBaseline.replaceAll('_', ' ')}`,
    `${summary.featuresRetained} of ${summary.featuresTested}`,
    String(summary.suspicions.filter(({ retained }) => retained).length),
  ];
}

function pairsOf(tasks: readonly ReportTask[]): string {
  const horizons = new Map<string, number[]>();
  for (const { pair, horizon } of tasks) horizons.set(pair, [...(horizons.get(pair) ?? []), horizon]);
  const named = [...horizons].slice(0, PAIRS_NAMED).map(([pair, all]) => {
    const sorted = all.toSorted((a, b) => a - b).map((each) => `h${each}`);
    return `${pair} (${sorted.join(', ')})`;
  });
  const more = horizons.size - named.length;
  return `${named.join(', ')}${more > 0 ? `, and ${more} more pairs` : ''}`;
}

function costText({ snapshot }: ReportData): string {
  const usd = [...snapshot.pairs.values()].reduce((sum, pair) => sum + pair.usd, 0);
  return `The run was billed ${formatUsd(usd)}. `;
}

function suspectText(done: readonly ReportTask[]): string {
  const suspects = new Set(
    done.flatMap(({ summary }) => summary.suspicions.map(({ featureId }) => featureId)),
  );
  return suspects.size === 0
    ? 'No feature is suspected of holding the future.'
    : `${suspects.size} feature${suspects.size === 1 ? ' is' : 's are'} suspected of holding the future: see below before you believe a verdict.`;
}
