import { call, follow, isOffline, isSignedOut } from './api.js';
import { EventLines, MAX_LINES } from './event-lines.js';
import { type Run, type RunEvent, taskKey, type Worker } from './model.js';
import { current, NO_VIEW, type Route, type RunFilter, update } from './store.js';
import { isActive } from './words.js';

/** Between two looks at lists, and at a run whose plan or money may have changed, in milliseconds. */
const LIST_MS = 2_500;
const RUN_MS = 1_000;

/** Runs a page. */
const PAGE_SIZE = 25;

let view = new AbortController();

/** Begins to show what an address names, and ends what was shown. */
export function show(route: Route): void {
  view.abort();
  view = new AbortController();
  const { signal } = view;
  update({ ...NO_VIEW, route });
  if (route.view === 'runs') void every(LIST_MS, signal, loadRuns);
  if (route.view === 'run') showRun(route.runId, signal);
  if (route.view === 'compare') void every(4 * LIST_MS, signal, () => loadCompared(route.runIds));
  if (route.view === 'run' || route.view === 'trainers') void every(LIST_MS, signal, loadWorkers);
}

/** Asks at once for what is shown, after something was changed. */
export async function loadRuns(): Promise<void> {
  const { filter, pageTokens } = current();
  const pageToken = pageTokens.at(-1) ?? '';
  const request = { pageSize: PAGE_SIZE, pageToken, filter: filterText(filter) };
  const answer = await call<{ runs: Run[]; nextPageToken: string; totalSize: number }>('listRuns', request);
  if (current().filter !== filter) return;
  update({
    runs: answer.runs,
    nextPageToken: answer.nextPageToken,
    totalRuns: answer.totalSize,
    problem: '',
  });
}

/** Asks for a run and shows it, whole. */
export async function loadRun(runId: string): Promise<void> {
  const { run } = await call<{ run: Run }>('getRun', { runId });
  const { route } = current();
  if (route.view === 'run' && route.runId === runId) update({ run, problem: '' });
}

/** Does something that may fail, and says so where it does. */
export async function attempt(what: () => Promise<void>): Promise<void> {
  try {
    await what();
    if (current().offline !== '') update({ offline: '' });
  } catch (thrown) {
    if (isSignedOut(thrown)) {
      view.abort();
      update({ me: null });
    } else if (isOffline(thrown)) update({ offline: 'The coordinator does not answer. Trying again.' });
    else update({ problem: (thrown as Error).message });
  }
}

/** A filter as the coordinator takes it: KEY=VALUE is a label, anything else a part of the name. */
function filterText({ state, text }: RunFilter): string {
  const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;
  const label = /^([a-z0-9_.-]+)=(.*)$/.exec(text.trim());
  const terms = [
    state === '' ? '' : `state = ${state}`,
    label ? `labels.${label[1]} ${label[2] === '' ? ': *' : `= ${quoted(label[2]!)}`}` : '',
    text.trim() !== '' && !label ? `name : ${quoted(text.trim())}` : '',
  ];
  return terms.filter((term) => term !== '').join(' AND ');
}

async function loadWorkers(): Promise<void> {
  const { trainers, maxWorkers } = await call<{ trainers: Worker[]; maxWorkers: number }>('listTrainers');
  update({ workers: trainers, maxWorkers });
}

async function loadCompared(runIds: readonly [string, string]): Promise<void> {
  const [a, b] = await Promise.all(runIds.map((runId) => call<{ run: Run }>('getRun', { runId })));
  update({ compared: [a!.run, b!.run], problem: '' });
}

/** A run as it was when it was asked for, then what happens. */
function showRun(runId: string, signal: AbortSignal): void {
  const lines = new EventLines();
  let isStale = true;
  const reload = async (): Promise<void> => {
    if (!isStale) return;
    isStale = false;
    await loadRun(runId).catch((thrown: unknown) => {
      isStale = true;
      throw thrown;
    });
  };
  void every(RUN_MS, signal, reload);
  void follow(runId, {
    signal,
    onEvents: (events) => {
      isStale = apply(events, lines) || isStale;
      if (current().offline !== '') update({ offline: '' });
    },
    onOffline: (thrown) => {
      isStale = true;
      void attempt(() => Promise.reject(thrown as Error));
    },
    onEnd: () => {
      isStale = true;
    },
  });
}

/**
 * Takes events up: tasks and pairs that they tell of replace those that are shown. True when the run has to be asked for
 * again, for what events do not tell.
 */
function apply(events: readonly RunEvent[], lines: EventLines): boolean {
  const { run, lines: before } = current();
  const added = events.flatMap((event) => lines.lineOf(event) ?? []);
  const progress = events.findLast((event) => event.progress)?.progress;
  const patch = progress ? { progress } : {};
  const kept = added.length === 0 ? before : [...before, ...added].slice(-MAX_LINES);
  update({ ...patch, lines: kept, ...(run && isActive(run.state) ? { run: applied(run, events) } : {}) });
  // With a result the counts, the money and what all tests say together are others.
  const changes = ({ runState, pair, task }: RunEvent): boolean =>
    runState !== undefined || pair !== undefined || task?.state === 'TASK_STATE_DONE';
  return events.some((event) => changes(event) || !tells(event));
}

/** An event without anything in it stands for a plan. */
function tells({ runState, pair, fetchProgress, task, worker, progress, note }: RunEvent): boolean {
  return [runState, pair, fetchProgress, task, worker, progress, note].some((part) => part !== undefined);
}

function applied(run: Run, events: readonly RunEvent[]): Run {
  const tasks = new Map(events.flatMap(({ task }) => (task ? [[taskKey(task), task] as const] : [])));
  const pairs = new Map(events.flatMap(({ pair }) => (pair ? [[pair.pair, pair] as const] : [])));
  if (tasks.size === 0 && pairs.size === 0) return run;
  return {
    ...run,
    // Attempts are not in events; those that are known stay.
    tasks: run.tasks.map((task) => ({ ...task, ...tasks.get(taskKey(task)), attempts: task.attempts ?? [] })),
    pairs: run.pairs.map((pair) => pairs.get(pair.pair) ?? pair),
  };
}

/** Does something again and again while it is looked at; what fails is told, and tried again. */
async function every(ms: number, signal: AbortSignal, what: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    if (!document.hidden) await attempt(what);
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}
