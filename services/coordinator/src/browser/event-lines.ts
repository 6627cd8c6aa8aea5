import { formatDuration } from '/lib/format/duration.js';
import { type RunEvent, type TaskStatus, taskKey } from './model.js';
import { awaitsApproval, figure, stateName, verdictName } from './words.js';

/** A line of the list of events. */
export interface EventLine {
  readonly sequence: string;
  readonly time: string | undefined;
  readonly kind: 'state' | 'data' | 'good' | 'bad' | 'plain';
  readonly text: string;
}

/** Lines that are kept, the newest. */
export const MAX_LINES = 5_000;

/** Makes lines of events: one where something is another than before, none for mere progress. */
export class EventLines {
  #state = '';
  readonly #pairs = new Map<string, string>();
  readonly #tasks = new Map<string, { state: string; attempt: number }>();
  readonly #workers = new Map<string, boolean>();

  /** The line that an event is worth. */
  lineOf(event: RunEvent): EventLine | undefined {
    const found = this.#text(event);
    return found && { sequence: event.sequence, time: event.time, ...found };
  }

  #text({ runState, pair, task, worker, note }: RunEvent): Pick<EventLine, 'kind' | 'text'> | undefined {
    if (note !== undefined) return { kind: 'plain', text: note };
    if (runState) return this.#ofState(runState);
    if (pair) return this.#ofPair(pair);
    if (task) return this.#ofTask(task);
    if (!worker || (this.#workers.get(worker.trainerId) ?? false) === worker.connected) return undefined;
    this.#workers.set(worker.trainerId, worker.connected);
    const text = `${worker.trainerId} ${worker.connected ? 'connected' : 'is gone'}`;
    return {
      kind: worker.connected ? 'plain' : 'bad',
      text: `${text} (${worker.workersConnected} connected)`,
    };
  }

  #ofState({
    state,
    problems,
  }: NonNullable<RunEvent['runState']>): Pick<EventLine, 'kind' | 'text'> | undefined {
    if (state === this.#state) return undefined;
    this.#state = state;
    const why = awaitsApproval(state) && problems.length > 0 ? `: ${problems.join('; ')}` : '';
    return { kind: 'state', text: `the run is ${stateName(state)}${why}` };
  }

  #ofPair(pair: NonNullable<RunEvent['pair']>): Pick<EventLine, 'kind' | 'text'> | undefined {
    if (this.#pairs.get(pair.pair) === pair.state) return undefined;
    this.#pairs.set(pair.pair, pair.state);
    if (pair.state === 'PAIR_STATE_PENDING') return undefined;
    if (pair.error !== '')
      return { kind: 'bad', text: `${pair.pair}: ${stateName(pair.state)}: ${pair.error}` };
    const took = pair.fetchSeconds > 0 ? ` in ${formatDuration(pair.fetchSeconds)}` : '';
    return { kind: 'data', text: `${pair.pair}: ${stateName(pair.state)}${took}` };
  }

  #ofTask(task: TaskStatus): Pick<EventLine, 'kind' | 'text'> | undefined {
    const before = this.#tasks.get(taskKey(task));
    this.#tasks.set(taskKey(task), { state: task.state, attempt: task.attempt });
    if (before?.state === task.state && before.attempt === task.attempt) return undefined;
    const name = `${task.pair} h${task.horizon}`;
    if (task.state === 'TASK_STATE_DONE') return { kind: 'good', text: `${name}: ${resultText(task)}` };
    if (task.state === 'TASK_STATE_LEASED') {
      return { kind: 'plain', text: `${name}: attempt ${task.attempt} on ${task.trainerId}` };
    }
    if (task.error === '') return undefined;
    return {
      kind: 'bad',
      text: `${name}: ${stateName(task.state)} after attempt ${task.attempt}: ${task.error}`,
    };
  }
}

function resultText({ summary }: TaskStatus): string {
  if (!summary) return 'done';
  const { verdict, auc, featuresRetained, featuresTested } = summary;
  return `${verdictName(verdict)}, AUC ${figure(auc, 3)}, ${featuresRetained} of ${featuresTested} features kept`;
}
