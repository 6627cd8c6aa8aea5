import { formatPercent } from '@onescan/contract/format/percent.js';
import { formatKnown } from '@onescan/contract/format/unknown.js';
import {
  type AdjustedTest,
  type Run,
  TaskState,
  type TaskStatus,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { HorizonSummary } from '@onescan/contract/generated/onescan/v1/result.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { taskStateName } from './state-names.js';

type Cell = (summary: HorizonSummary) => string;

/** A line of the table: a task, and its p-values adjusted for all tests of the run. */
interface Line {
  readonly task: TaskStatus;
  readonly adjusted: AdjustedTest | undefined;
  readonly familyLevel: number;
}

/** Verdicts in words: "NO_SKILL_BEYOND_OVERLAP" → "no skill beyond overlap". */
export function verdictName(verdict: string): string {
  if (verdict === 'SKILL_SUSPECT') return 'SKILL, SUSPECT';
  return verdict === 'SKILL' ? 'SKILL' : verdict.toLowerCase().replaceAll('_', ' ');
}

const COLUMNS: readonly TableColumn<Line>[] = [
  { title: 'pair', text: ({ task }) => task.pair },
  { title: 'horizon', text: ({ task }) => String(task.horizon), align: 'right' },
  { title: 'verdict', text: verdictOf },
  { title: 'p, adjusted', text: adjustedText, align: 'right' },
  { title: 'AUC', text: ofSummary((s) => formatKnown(s.auc, (auc) => auc.toFixed(3))), align: 'right' },
  { title: 'accuracy', text: ofSummary((s) => percent(s.accuracy)), align: 'right' },
  {
    title: 'best baseline',
    text: ofSummary((s) => `${percent(s.bestBaselineAccuracy)} ${s.bestBaseline.replaceAll('_', ' ')}`),
  },
  { title: 'gain, mnat [interval]', text: ofSummary((s) => gain(s)), align: 'right' },
  { title: 'would see', text: ofSummary((s) => seen(s)), align: 'right' },
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
 * One line a pair and horizon: the verdict; its p-value, adjusted for all tests of the run; accuracy beside that of the best
 * baseline; log loss saved against the same stack without models with its block-bootstrap interval; the gain and AUC that the
 * sample would have shown; features kept, and how many of these are
 * false in expectation at most.
 */
export function verdictTable(run: Pick<Run, 'tasks' | 'evidence'>): string {
  const { evidence } = run;
  const adjustedOf = new Map(evidence?.adjusted.map((each) => [keyOf(each), each]));
  const tasks = [...run.tasks].sort(
    (a, b) => order(run.tasks, a) - order(run.tasks, b) || a.horizon - b.horizon,
  );
  const lines = tasks.map((task) => ({
    task,
    adjusted: adjustedOf.get(keyOf(task)),
    familyLevel: evidence?.familyLevel ?? 0,
  }));
  const table = renderTable(COLUMNS, lines);
  return tasks.some(({ summary }) => summary && hasUnknown(summary)) ? `${table}\n${UNKNOWN_MEANS}\n` : table;
}

/** What a "-" among the figures of a horizon that was learned means. */
const UNKNOWN_MEANS = '-: these rows do not give this figure, e.g. no AUC where all targets have one sign.';

function hasUnknown(summary: HorizonSummary): boolean {
  const { auc, accuracy, bestBaselineAccuracy, skill, skillLow, skillHigh, expectedFalseSelections } =
    summary;
  const gains = isUntested(summary) ? [] : [skill, skillLow, skillHigh];
  const figures = [auc, accuracy, bestBaselineAccuracy, ...gains, expectedFalseSelections];
  return !figures.every(Number.isFinite);
}

/** No feature was retained, so that there was no opinion to test. */
function isUntested({ featuresRetained, skill }: HorizonSummary): boolean {
  return featuresRetained === 0 && Number.isNaN(skill);
}

/** Pairs keep the order in which the run names them. */
function order(tasks: readonly TaskStatus[], task: TaskStatus): number {
  return tasks.findIndex((each) => each.pair === task.pair);
}

/** The verdict, or how far the task is; why it failed is among the problems of the run. */
function verdictOf({ task, adjusted, familyLevel }: Line): string {
  const summary = task.state === TaskState.TASK_STATE_DONE ? task.summary : undefined;
  if (!summary) return taskStateName(task.state).toUpperCase();
  const name = verdictName(summary.verdict);
  // Not one that stands when it is counted how many tests there were.
  return name === 'SKILL' && adjusted && familyWise(adjusted) > familyLevel ? 'skill by itself' : name;
}

/** Family-wise: by resampling, which knows what tests share, once the run has ended. */
function familyWise({ romanoWolf, holm }: AdjustedTest): number {
  return romanoWolf ?? holm;
}

function adjustedText({ task, adjusted }: Line): string {
  if (!adjusted || task.summary?.pValue === undefined) return '-';
  const p = familyWise(adjusted);
  return p < 0.001 ? '<0.001' : p.toFixed(3);
}

function keyOf({ pair, horizon }: { pair: string; horizon: number }): string {
  return `${pair}/${horizon}`;
}

function ofSummary(cell: Cell): (line: Line) => string {
  return ({ task }) => (task.summary ? cell(task.summary) : '-');
}

function percent(share: number): string {
  return formatKnown(share, formatPercent);
}

function gain(summary: HorizonSummary): string {
  if (isUntested(summary)) return 'not tested';
  return `${signed(summary.skill)} [${signed(summary.skillLow)}, ${signed(summary.skillHigh)}]`;
}

/** The smallest gain, and AUC of what is not yet known, that would have been found four times in five. */
function seen({ detectableGain, detectableAuc }: HorizonSummary): string {
  if (detectableGain === undefined || detectableAuc === undefined) return '-';
  return `${signed(detectableGain)}, AUC ${detectableAuc.toFixed(3)}`;
}

/** Log loss saved a row in millinats, with the sign written out. */
function signed(nats: number): string {
  const text = formatKnown(nats, () => (1000 * nats).toFixed(1));
  return nats > 0 ? `+${text}` : text;
}
