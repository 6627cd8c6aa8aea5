import { formatBytes } from '@onescan/shared/format/bytes.js';
import { formatDuration } from '@onescan/shared/format/duration.js';
import { formatKnown } from '@onescan/shared/format/unknown.js';
import { RunState, type WorkerStatus } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { type RunView, tasksAtWork } from './run-view.js';
import { stageSecondsLeft } from './stage-pace.js';
import { runStateName } from './state-names.js';

const BAR_WIDTH = 24;

/** What is going on now: a line overall, a line a fetch, a line a trainer at work. */
export function statusLines(view: RunView, elapsedSeconds: number): string[] {
  return [overall(view, elapsedSeconds), ...fetches(view), ...trainers(view)];
}

/** The same on one line, for logs off a terminal. */
export function statusLine(view: RunView, elapsedSeconds: number): string {
  const details = [...fetches(view), ...trainers(view)].map((line) => line.trim());
  return [overall(view, elapsedSeconds), ...details].join(' | ');
}

function overall(view: RunView, elapsedSeconds: number): string {
  const { progress } = view;
  const elapsed = formatDuration(elapsedSeconds);
  if (view.state === RunState.RUN_STATE_UNSPECIFIED) return `waiting for the coordinator, ${elapsed}`;
  if (!progress || progress.tasksTotal === 0 || view.state !== RunState.RUN_STATE_RUNNING) {
    return `${runStateName(view.state)}, ${elapsed}`;
  }
  const share = progress.tasksDone / progress.tasksTotal;
  const eta = progress.etaSeconds === undefined ? '' : `, about ${formatDuration(progress.etaSeconds)} left`;
  return (
    `[${bar(share)}] ${progress.tasksDone} of ${progress.tasksTotal} horizons, ` +
    `${progress.pairsFetched} of ${progress.pairsTotal} pairs fetched, ${elapsed}${eta}`
  );
}

function fetches(view: RunView): string[] {
  return [...view.fetching].map(([pair, pace]) => {
    const { stage, done, total } = pace.newest;
    const share = total > 0n ? ` ${Math.floor((100 * Number(done)) / Number(total))} %` : '';
    const left = stageSecondsLeft(pace);
    const eta = left === undefined ? '' : `, about ${formatDuration(left)} left`;
    return `  ${pair}: ${stage}${share}${eta}`;
  });
}

function trainers(view: RunView): string[] {
  return tasksAtWork(view).map((task) => {
    const memory = memoryText(view.workers.get(task.trainerId));
    const done = formatKnown(Math.floor(100 * task.fraction), String);
    return `  ${task.trainerId}: ${task.pair} h${task.horizon} ${task.stage || 'starting'} ${done} %${memory}`;
  });
}

function memoryText(worker: WorkerStatus | undefined): string {
  if (!worker || worker.rssBytes === 0n) return '';
  return `, ${formatBytes(worker.rssBytes)} of ${formatBytes(worker.memoryLimitBytes)}`;
}

function bar(share: number): string {
  const filled = Math.round(BAR_WIDTH * Math.min(1, Math.max(0, share)));
  return '#'.repeat(filled) + '.'.repeat(BAR_WIDTH - filled);
}
