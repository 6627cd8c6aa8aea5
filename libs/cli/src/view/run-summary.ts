import { byCodeUnits } from '@onescan/contract/code-units.js';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatDuration } from '@onescan/contract/format/duration.js';
import { formatPercent } from '@onescan/contract/format/percent.js';
import { shownLine } from '@onescan/contract/format/shown-text.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import type { Run, RunEvidence, TaskStatus } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { pairSuspicions } from '@onescan/contract/pair-suspicions.js';
import { pilotText } from '@onescan/contract/reasons/pilot-text.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import { bareReasonText, readReason } from '@onescan/contract/reasons/reason.js';
import { missedReason } from '@onescan/dataset/missed-tables.js';
import { roundedReason } from '@onescan/dataset/rounded-columns.js';
import { SUSPECT } from '../exit-code.js';
import { approvalLines } from './job-table.js';
import { planNotes } from './plan-notes.js';
import { runStateName } from './state-names.js';
import { epochMs } from './timestamp.js';

/** Suspected features that are named. */
const SUSPICIONS_SHOWN = 20;

const COUNT = new Intl.NumberFormat('en-US');

/** What a run cost and used beside what was planned, and what is missing; a line each. */
export function runSummary(run: Run): string {
  return [
    `Run ${run.runId}: ${runStateName(run.state)}${elapsed(run)}`,
    costLine(run),
    ...approvalLines(run),
    ...evidenceLines(run),
    run.pilot ? pilotText(run.pilot) : '',
    suspectLine(run),
    ...suspicionLines(run),
    ...datasetLines(run),
    workersLine(run),
    memoryLine(run),
    run.ledgerRows > 0n ? `Ledger: ${COUNT.format(run.ledgerRows)} rows (onescan ledger ${run.runId})` : '',
    run.reportPath ? `Report: ${run.reportPath}` : '',
    run.traceUrl ? `Trace: ${run.traceUrl}` : '',
    ...run.problems.map((problem) => `Problem: ${problem}`),
    '',
  ]
    .filter((line, i, lines) => line !== '' || i === lines.length - 1)
    .map(shownLine)
    .join('\n');
}

/** All tests of the run taken together, and its features; nothing before there are results. */
export function evidenceLines({ evidence }: Pick<Run, 'evidence'>): string[] {
  if (!evidence || evidence.results === 0) return [];
  const { verdictReason, verdictText, featuresRetained, expectedFalseFeatures } = evidence;
  const told =
    verdictText === '' ? [] : [`Verdict: ${bareReasonText(readReason(verdictReason, verdictText))}`];
  told.push(...scoringLines(evidence));
  if (featuresRetained === 0) return told;
  const share = Math.min(1, expectedFalseFeatures / featuresRetained);
  return [
    ...told,
    `Features: ${COUNT.format(featuresRetained)} retained, of which at most ${expectedFalseFeatures.toFixed(1)} (${formatPercent(share)}) are false in expectation, by the nominal bounds`,
  ];
}

/** Results of rows that were scored before, by other settings. */
function scoringLines({ adjusted }: RunEvidence): string[] {
  const again = adjusted.filter(({ scoring }) => scoring > 1);
  if (again.length === 0) return [];
  const most = again.reduce((one, other) => (other.scoring > one.scoring ? other : one));
  return [
    `Scored before: the final segments of ${again.length} of ${adjusted.length} results, up to ${most.scoring - 1} times; adjusted p-values are charged for it, up to ${most.charge.toFixed(1)} times`,
  ];
}

function elapsed(run: Run): string {
  const start = epochMs(run.createdAt);
  const end = epochMs(run.endedAt);
  return start !== undefined && end !== undefined ? ` in ${formatDuration((end - start) / 1000)}` : '';
}

function costLine(run: Run): string {
  const jobs = run.pairs.flatMap((pair) => pair.jobs).filter(({ billingUnknown }) => billingUnknown);
  const more = jobs.reduce((sum, { maximumBytesBilled }) => sum + maximumBytesBilled, 0n);
  const unknown =
    jobs.length === 0
      ? ''
      : `; of ${jobs.length} it is not known yet, at most ${formatBytes(more)} more (onescan show ${run.runId})`;
  return (
    `Cost: ${run.statementsRun} statement${run.statementsRun === 1 ? '' : 's'}, ` +
    `${formatBytes(run.bytesBilled)} billed, ${formatUsd(run.usdBilled)}${plannedText(run)}${unknown}`
  );
}

function plannedText({ plan }: Run): string {
  if (!plan) return '';
  const said = `; the plan said ${formatBytes(plan.bytes)}, ${formatUsd(plan.usd)}`;
  if (plan.alreadyBilledBytes === 0n) return said;
  const before = `${formatBytes(plan.alreadyBilledBytes)}, ${formatUsd(plan.alreadyBilledUsd)}`;
  return `${said}, beside ${before} billed before it`;
}

/** Verdicts that rest on something suspicious, and how to learn without it. */
function suspectLine({ runId, tasks }: Run): string {
  const count = tasks.filter(({ summary }) => summary?.verdict === SUSPECT).length;
  if (count === 0) return '';
  const verdicts = count === 1 ? '1 verdict is' : `${count} verdicts are`;
  return `Suspect: ${verdicts} better than honest features allow. Without the suspects, free of charge: onescan rerun ${runId} --without-suspects`;
}

/** Features that predict too well to be believed, a line each. */
function suspicionLines(run: Run): string[] {
  const found = pairSuspicions(
    run.tasks.map(({ pair, horizon, summary }) => ({
      pair,
      horizon,
      suspicions: summary?.suspicions ?? [],
    })),
  );
  const lines = found
    .slice(0, SUSPICIONS_SHOWN)
    .map(({ pair, featureId, reason, why, retained, horizons }) => {
      const told = bareReasonText(readReason(why, reason));
      return retained
        ? `Suspicious, retained: ${pair} ${featureId} (${horizons.map((h) => `h${h}`).join(', ')}): ${told}`
        : `Suspected leak: ${pair} ${featureId}: ${told}`;
    });
  const more = found.length - lines.length;
  return more > 0 ? [...lines, `Suspected: ${more} more, in the report`] : lines;
}

/** Numbers that the datasets hold with fewer digits than the warehouse, and tables of which they hold hardly a row. */
function datasetLines({ pairs }: Run): string[] {
  const notes = ({ rounded, missedTables }: DatasetRef) => [
    ...(rounded ? [planNote(roundedReason(rounded), rounded.count)] : []),
    ...missedTables.map((table) => planNote(missedReason(table), table.missed)),
  ];
  return planNotes({
    pairs: pairs.map(({ pair, dataset }) => ({ pair, notes: dataset ? notes(dataset) : [] })),
  });
}

function workersLine(run: Run): string {
  return run.workersUsed > 0 ? `Workers: ${run.workersUsed} used at the same time` : '';
}

/** Peak memory of each trainer against its limit, over the tasks it did. */
function memoryLine(run: Run): string {
  const peaks = new Map<string, NonNullable<TaskStatus['stats']>>();
  for (const { stats } of run.tasks) {
    const before = stats && peaks.get(stats.trainerId);
    if (stats && (before === undefined || stats.peakRssBytes > before.peakRssBytes)) {
      peaks.set(stats.trainerId, stats);
    }
  }
  if (peaks.size === 0) return '';
  const texts = [...peaks.values()]
    .sort((a, b) => byCodeUnits(a.trainerId, b.trainerId))
    .map((s) => `${s.trainerId} ${formatBytes(s.peakRssBytes)} of ${formatBytes(s.memoryLimitBytes)}`);
  return `Peak memory: ${texts.join(', ')}`;
}
