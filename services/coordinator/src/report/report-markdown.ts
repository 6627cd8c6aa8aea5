import { shownText } from '@onescan/contract/format/shown-text.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import type { RunEvidence } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { readReason, reasonText } from '@onescan/contract/reasons/reason.js';
import { traceUrl } from '../runs/run-view.js';
import { adjustedBy, adjustedP } from './adjusted-p.js';
import { SKILL_COLUMNS, skilledTasks, skillRow, stepsOf } from './decision-section.js';
import { familyWeights } from './feature-maps.js';
import { percentFigure } from './figures.js';
import type { ReportData } from './report-data.js';

const FAMILIES = 8;

/** The report in brief, as Markdown for a ticket or a chat: verdicts, cost, what is missing, what to do next. */
export function reportMarkdown(data: ReportData): string {
  const { snapshot, done } = data;
  const { run } = snapshot;
  const usd = [...snapshot.pairs.values()].reduce((sum, pair) => sum + pair.usd, 0);
  const skilled = skilledTasks(data);
  const lines = [
    `# Onescan run ${code(run.runId)}`,
    '',
    `${run.state}, ${done.length} of ${snapshot.tasks.size} results, ${run.spec.pairs.length} pairs x ${run.spec.horizons.length} horizons, preset ${run.spec.preset}, billed ${formatUsd(usd)}.`,
    `Plan ${code(run.plan?.planHash ?? '')}, results ${code(run.resultsSha256)}.`,
    `Trace: ${code(traceUrl(data.traces, run) || `onescan trace ${run.runId}`)}`,
    '',
    `**${skilled.length} of ${done.length} results show skill beyond overlap.**`,
    ...evidenceLines(run.evidence),
    ...(skilled.length > 0
      ? [
          '',
          ...table(
            SKILL_COLUMNS.map((title) => title.replace('>', '')),
            skilled.map((task) => skillRow(task, run.evidence)),
          ),
          ...(run.evidence ? ['', text(adjustedBy(run.evidence))] : []),
        ]
      : []),
    ...(run.problems.length > 0
      ? ['', '## What is missing', '', ...run.problems.map((problem) => `- ${text(reasonText(problem))}`)]
      : []),
    ...familyLines(data),
    '',
    '## All results',
    '',
    ...table(
      ['pair', 'horizon', 'verdict', 'p, adjusted', 'accuracy', 'best baseline'],
      done.map(({ pair, horizon, summary }) => [
        pair,
        `h${horizon}`,
        summary.verdict,
        adjustedP(run.evidence, { pair, horizon }),
        percentFigure(summary.accuracy),
        percentFigure(summary.bestBaselineAccuracy),
      ]),
    ),
    ...nextLines(data),
  ];
  return `${lines.join('\n')}\n`;
}

/** How the verdicts look when all tests of the run are counted. */
function evidenceLines(evidence: RunEvidence | undefined): string[] {
  if (!evidence?.verdictReason) return [];
  return ['', `${text(reasonText(readReason(evidence.verdictReason, evidence.verdictText)))}.`];
}

function familyLines({ families }: ReportData): string[] {
  const weights = familyWeights(families).slice(0, FAMILIES);
  if (weights.length === 0) return [];
  const pairs = new Set(families.map(({ pair }) => pair)).size;
  return [
    '',
    '## Families of features',
    '',
    ...table(
      ['family', 'share of the importance'],
      weights.map(([family, weight]) => [family, percentFigure(weight / pairs)]),
    ),
  ];
}

function nextLines({ snapshot }: ReportData): string[] {
  const steps = stepsOf(snapshot);
  if (steps.length === 0) return [];
  return ['', '## What next', '', ...steps.map(({ why, command }) => `- ${code(command)}: ${why}`)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(text).join(' | ')} |`);
}

/** Text that is nothing but text, whatever a name holds. */
function text(value: string): string {
  return shownText(value)
    .replaceAll(/[\r\n]+/g, ' ')
    .replaceAll(/[\\`*_[\]<>|#&~!]/g, '\\$&');
}

/** As code, which ends only where we end it. */
function code(value: string): string {
  return `\`${shownText(value).replaceAll(/[\r\n`]+/g, ' ')}\``;
}
