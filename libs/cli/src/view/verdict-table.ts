import { formatPercent } from '@onescan/contract/format/percent.js';
import { formatKnown } from '@onescan/contract/format/unknown.js';
import { type Run, TaskState, type TaskStatus } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { HorizonSummary } from '@onescan/contract/generated/onescan/v1/result.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { taskStateName } from './state-names.js';

type Cell = (summary: HorizonSummary) => string;

/** Verdicts in words: "NO_SKILL_BEYOND_OVERLAP" → "no skill beyond overlap". */
export function verdictName(verdict: string): string {
  if (verdict === 'SKILL_SUSPECT') return 'SKILL, SUSPECT';
  return verdict === 'SKILL' ? 'SKILL' : verdict.toLowerCase().replaceAll('_', ' ');
}

const COLUMNS: readonly TableColumn<TaskStatus>[] = [
  { title: 'pair', text: (task) => task.pair },
  { title: 'horizon', text: (task) => String(task.horizon), align: 'right' },
  { title: 'verdict', text: (task) => verdictOf(task) },
  { title: 'AUC', text: ofSummary((s) => formatKnown(s.auc, (auc) => auc.toFixed(3))), align: 'right' },
  { title: 'accuracy', text: ofSummary((s) => percent(s.accuracy)), align: 'right' },
  {
    title: 'best baseline',
    text: ofSummary((s) => `${percent(s.bestBaselineAccuracy)} ${s.bestBaseline.replaceAll('_', ' ')}`),
  },
  { title: 'gain, mnat [interval]', text: ofSummary((s) => gain(s)), align: 'right' },
  {
    title: 'kept/tested',
    text: ofSummary((s) => `${s.featuresRetained}/${s.featuresTested}`),
    align: 'right',
  },
  {
    title: 'false <=',
    text: ofSummary((s) => formatKnown(s.expectedFalseSelections, (count) => count.toFixed(1))),
    align: 'right',
  },
];

/**
 * One line a pair and horizon: the verdict; accuracy beside that of the best baseline; log loss saved
 * against the best baseline with its block-bootstrap interval; features kept, and how many of these are
 * false in expectation at most.
 */
export function verdictTable(run: Pick<Run, 'tasks'>): string {
  const tasks = [...run.tasks].sort(
    (a, b) => order(run.tasks, a) - order(run.tasks, b) || a.horizon - b.horizon,
  );
  const table = renderTable(COLUMNS, tasks);
  return tasks.some(({ summary }) => summary && hasUnknown(summary)) ? `${table}\n${UNKNOWN_MEANS}\n` : table;
}

/** What a "-" among the figures of a horizon that was learned means. */
const UNKNOWN_MEANS = '-: these rows do not give this figure, e.g. no AUC where all targets have one sign.';

function hasUnknown(summary: HorizonSummary): boolean {
  const { auc, accuracy, bestBaselineAccuracy, skill, skillLow, skillHigh, expectedFalseSelections } =
    summary;
  const figures = [auc, accuracy, bestBaselineAccuracy, skill, skillLow, skillHigh, expectedFalseSelections];
  return !figures.every(Number.isFinite);
}

/** Pairs keep the order in which the run names them. */
function order(tasks: readonly TaskStatus[], task: TaskStatus): number {
  return tasks.findIndex((each) => each.pair === task.pair);
}

/** The verdict, or how far the task is; why it failed is among the problems of the run. */
function verdictOf(task: TaskStatus): string {
  const summary = task.state === TaskState.TASK_STATE_DONE ? task.summary : undefined;
  return summary ? verdictName(summary.verdict) : taskStateName(task.state).toUpperCase();
}

function ofSummary(cell: Cell): (task: TaskStatus) => string {
  return (task) => (task.summary ? cell(task.summary) : '-');
}

function percent(share: number): string {
  return formatKnown(share, formatPercent);
}

function gain(summary: HorizonSummary): string {
  return `${signed(summary.skill)} [${signed(summary.skillLow)}, ${signed(summary.skillHigh)}]`;
}

/** Log loss saved a row in millinats, with the sign written out. */
function signed(nats: number): string {
  const text = formatKnown(nats, () => (1000 * nats).toFixed(1));
  return nats > 0 ? `+${text}` : text;
}
