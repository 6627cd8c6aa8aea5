import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatDuration } from '@onescan/contract/format/duration.js';
import { formatKnown } from '@onescan/contract/format/unknown.js';
import {
  type RunProgress,
  RunState,
  type WorkerStatus,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { type RunView, tasksAtWork } from './run-view.js';
import { stageSecondsLeft } from './stage-pace.js';
import { runStateName } from './state-names.js';

const BAR_WIDTH = 24;
const MIN_BAR_WIDTH = 6;
/** Columns of its brackets and of the blank after it. */
const BAR_FRAME = 3;

/** What is going on now: a line overall with a bar where `columns` has room for one, a line a fetch, a line a trainer at work. */
export function statusLines(view: RunView, elapsedSeconds: number, columns = 100): string[] {
  const text = overall(view, elapsedSeconds);
  return [`${progressBar(view, columns - 1 - text.length)}${text}`, ...fetches(view), ...trainers(view)];
}

/** The same on one line, for logs off a terminal. */
export function statusLine(view: RunView, elapsedSeconds: number): string {
  const details = [...fetches(view), ...trainers(view)].map((line) => line.trim());
  return [`${progressBar(view, BAR_WIDTH + BAR_FRAME)}${overall(view, elapsedSeconds)}`, ...details].join(
    ' | ',
  );
}

function overall(view: RunView, elapsedSeconds: number): string {
  const progress = tasksProgress(view);
  const elapsed = formatDuration(elapsedSeconds);
  if (view.state === RunState.RUN_STATE_UNSPECIFIED) return `waiting for the coordinator, ${elapsed}`;
  if (!progress) return `${runStateName(view.state)}, ${elapsed}`;
  const eta = progress.etaSeconds === undefined ? '' : `, about ${formatDuration(progress.etaSeconds)} left`;
  return (
    `${progress.tasksDone} of ${progress.tasksTotal} horizons, ` +
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

/** How far the tasks are, once there are any. */
function tasksProgress({ progress, state }: RunView): RunProgress | undefined {
  return progress && progress.tasksTotal > 0 && state === RunState.RUN_STATE_RUNNING ? progress : undefined;
}

/** A bar with the blank after it, within so many columns; nothing where these are too few to show anything. */
function progressBar(view: RunView, columns: number): string {
  const progress = tasksProgress(view);
  const width = Math.min(BAR_WIDTH, columns - BAR_FRAME);
  if (!progress || width < MIN_BAR_WIDTH) return '';
  const filled = Math.round(width * Math.min(1, Math.max(0, progress.tasksDone / progress.tasksTotal)));
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] `;
}
