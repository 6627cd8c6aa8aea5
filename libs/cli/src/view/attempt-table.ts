import { formatDuration } from '@onescan/contract/format/duration.js';
import { formatPercent } from '@onescan/contract/format/percent.js';
import { shownLine } from '@onescan/contract/format/shown-text.js';
import {
  AttemptOutcome,
  type AttemptStatus,
  type Run,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { epochMs, timestampText } from './timestamp.js';

interface Row extends AttemptStatus {
  readonly pair: string;
  readonly horizon: number;
}

const COLUMNS: readonly TableColumn<Row>[] = [
  { title: 'pair', text: ({ pair }) => pair },
  { title: 'horizon', text: ({ horizon }) => String(horizon), align: 'right' },
  { title: 'attempt', text: ({ attempt }) => String(attempt), align: 'right' },
  { title: 'worker', text: ({ trainerId }) => trainerId },
  { title: 'started', text: ({ startedAt }) => timestampText(startedAt) },
  { title: 'took', text: took, align: 'right' },
  { title: 'ended', text: ({ outcome }) => outcomeName(outcome) },
  {
    title: 'in',
    text: ({ stage, fraction }) => (stage === '' ? '-' : `${stage} ${formatPercent(fraction)}`),
  },
  { title: 'why', text: ({ message }) => message || '-' },
];

/** Every attempt at the tasks that took more than one, or whose only one has no result; empty when there is none. */
export function attemptTable({ tasks }: Pick<Run, 'tasks'>): string {
  const rows = tasks.flatMap(({ pair, horizon, attempts }) => {
    const isPlain = attempts.every(({ outcome }) => PLAIN.has(outcome)) && attempts.length <= 1;
    return isPlain ? [] : attempts.map((attempt) => ({ ...attempt, pair, horizon }));
  });
  if (rows.length === 0) return '';
  const links = rows.filter(({ traceUrl }) => traceUrl !== '').map(linkOf);
  return renderTable(COLUMNS, rows) + links.join('');
}

function linkOf({ pair, horizon, attempt, traceUrl }: Row): string {
  return `${shownLine(`${pair} h${horizon} attempt ${attempt}: ${traceUrl}`)}\n`;
}

const PLAIN: ReadonlySet<AttemptOutcome> = new Set([
  AttemptOutcome.ATTEMPT_OUTCOME_UNSPECIFIED,
  AttemptOutcome.ATTEMPT_OUTCOME_DONE,
]);

/** "out of memory"; "under way". */
function outcomeName(outcome: AttemptOutcome): string {
  if (outcome === AttemptOutcome.ATTEMPT_OUTCOME_UNSPECIFIED) return 'under way';
  return (AttemptOutcome[outcome] ?? 'unknown')
    .replace('ATTEMPT_OUTCOME_', '')
    .toLowerCase()
    .replaceAll('_', ' ');
}

function took({ startedAt, endedAt }: AttemptStatus): string {
  const [start, end] = [epochMs(startedAt), epochMs(endedAt)];
  return start !== undefined && end !== undefined ? formatDuration((end - start) / 1_000) : '-';
}
