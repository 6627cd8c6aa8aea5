import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatCount } from '@onescan/contract/format/count.js';
import { formatDuration } from '@onescan/contract/format/duration.js';
import { shownLine } from '@onescan/contract/format/shown-text.js';
import { formatKnown } from '@onescan/contract/format/unknown.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import {
  PairState,
  type PairStatus,
  type RunEvent,
  type RunStateChanged,
  TaskState,
  type TaskStatus,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { awaitsApproval, type RunView } from './run-view.js';
import { runStateName } from './state-names.js';
import { verdictName } from './verdict-table.js';

/**
 * The line that an event is worth in a log of the run; undefined for mere progress. `before` is the view
 * without the event.
 */
export function eventLine(before: RunView, event: RunEvent): string | undefined {
  const line = lineOf(before, event);
  return line === undefined ? undefined : shownLine(line);
}

function lineOf(before: RunView, { event }: RunEvent): string | undefined {
  switch (event?.$case) {
    case 'runState':
      if (event.value.state === before.state) return undefined;
      return stateLine(before.runId, event.value);
    case 'pair':
      return event.value.state === before.pairs.get(event.value.pair)?.state
        ? undefined
        : pairLine(event.value, isCached(before, event.value.pair));
    case 'task':
      return taskLine(event.value, before.tasks.get(`${event.value.pair}/${event.value.horizon}`));
    case 'worker': {
      const { trainerId, connected, workersConnected } = event.value;
      if ((before.workers.get(trainerId)?.connected ?? false) === connected) return undefined;
      return `${trainerId} ${connected ? 'connected' : 'is gone'} (${workersConnected} connected)`;
    }
    case 'note':
      return event.value;
    default:
      return undefined;
  }
}

/** A run that waits says why; why one has ended, its summary says. */
function stateLine(runId: string, { state, problems }: RunStateChanged): string {
  const why = awaitsApproval(state) && problems.length > 0 ? `: ${problems.join('; ')}` : '';
  return `Run ${runId}: ${runStateName(state)}${why}`;
}

/** True when the plan found the pair's dataset in the cache. */
function isCached(view: RunView, pair: string): boolean {
  return view.plan?.pairs.find((planned) => planned.pair === pair)?.cached ?? false;
}

function pairLine(pair: PairStatus, isCached: boolean): string | undefined {
  switch (pair.state) {
    case PairState.PAIR_STATE_FETCHING:
      return isCached ? undefined : `${pair.pair}: fetching`;
    case PairState.PAIR_STATE_FETCHED:
      return pair.dataset && `${pair.pair}: ${datasetText(pair.dataset, pair.fetchSeconds)}`;
    case PairState.PAIR_STATE_FAILED:
      return `${pair.pair}: FAILED: ${pair.error}`;
    default:
      return undefined;
  }
}

function datasetText(dataset: DatasetRef, seconds: number): string {
  const { shared } = dataset;
  const own = ownText(dataset, seconds);
  if (!shared || shared.statementsRun === 0) return own;
  const { datasetId, statementsRun, columns, bytesBilled, usd } = shared;
  return (
    `${own}; before that what all pairs share, dataset ${datasetId.slice(0, 12)} with ` +
    `${formatCount(statementsRun, 'statement')}: ${formatCount(columns, 'column')}, billed ${formatBytes(bytesBilled)}, ${formatUsd(usd)}`
  );
}

function ownText(dataset: DatasetRef, seconds: number): string {
  const id = dataset.datasetId.slice(0, 12);
  if (dataset.cached && dataset.derivedFrom !== '') {
    return `dataset ${id} from dataset ${dataset.derivedFrom.slice(0, 12)}, no query`;
  }
  if (dataset.cached) return `cached dataset ${id} from ${dataset.createdAt}, no query`;
  const statements = formatCount(dataset.statementsRun, 'statement');
  return (
    `fetched dataset ${id} with ${statements} in ${formatDuration(seconds)}: ` +
    `${formatCount(dataset.rows, 'row')} x ${formatCount(dataset.columns, 'column')} and ${formatCount(dataset.targets.length, 'target')}, ` +
    `billed ${formatBytes(dataset.bytesBilled)}, ${formatUsd(dataset.usd)}`
  );
}

function taskLine(task: TaskStatus, earlier: TaskStatus | undefined): string | undefined {
  if (task.state === earlier?.state && task.attempt === earlier.attempt) return undefined;
  const name = `${task.pair} h${task.horizon}`;
  switch (task.state) {
    case TaskState.TASK_STATE_DONE:
      return `${name}: done by ${task.trainerId}: ${task.summary ? summaryText(task.summary) : 'no summary'}`;
    case TaskState.TASK_STATE_FAILED:
      return `${name}: FAILED: ${task.error}`;
    case TaskState.TASK_STATE_QUARANTINED:
      return `${name}: QUARANTINED: ${task.error}`;
    case TaskState.TASK_STATE_READY:
      return task.error ? `${name}: to be tried again (attempt ${task.attempt}): ${task.error}` : undefined;
    default:
      return undefined;
  }
}

function summaryText(summary: NonNullable<TaskStatus['summary']>): string {
  return (
    `${verdictName(summary.verdict)}, AUC ${formatKnown(summary.auc, (auc) => auc.toFixed(3))}, ` +
    `${summary.featuresRetained} of ${summary.featuresTested} features kept`
  );
}
