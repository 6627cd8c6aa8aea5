import type { EventLine } from './event-lines.js';
import type { Me, Progress, Run, Worker } from './model.js';

/** What the address names, behind its "#". */
export type Route =
  | { readonly view: 'runs' }
  | { readonly view: 'run'; readonly runId: string }
  | { readonly view: 'compare'; readonly runIds: readonly [string, string] }
  | { readonly view: 'trainers' };

/** What runs are listed. */
export interface RunFilter {
  readonly state: string;
  readonly text: string;
}

/** All that is shown. */
export interface State {
  /** Undefined: not asked yet; null: nobody is signed in. */
  readonly me: Me | null | undefined;
  readonly route: Route;
  /** What is wrong with the connection; empty while it works. */
  readonly offline: string;
  /** What went wrong with what was asked for last. */
  readonly problem: string;
  readonly filter: RunFilter;
  readonly runs: readonly Run[] | undefined;
  readonly totalRuns: number;
  /** Pages of runs before the one that is shown, by the token of each. */
  readonly pageTokens: readonly string[];
  readonly nextPageToken: string;
  /** Runs chosen to be compared. */
  readonly chosen: readonly string[];
  readonly run: Run | undefined;
  readonly progress: Progress | undefined;
  /** The oldest first. */
  readonly lines: readonly EventLine[];
  readonly linesShown: number;
  /** Task whose figures are shown, by its key. */
  readonly selected: string;
  readonly compared: readonly [Run, Run] | undefined;
  readonly workers: readonly Worker[] | undefined;
  readonly maxWorkers: number;
  /** Meanings of reasons by code. */
  readonly meanings: Readonly<Record<string, string>>;
  /** Something is being sent. */
  readonly busy: boolean;
}

/** Lines of events that are drawn at first, and more at each request. */
export const LINES_SHOWN = 100;

/** What belongs to one view only. */
export const NO_VIEW = {
  problem: '',
  run: undefined,
  progress: undefined,
  lines: [],
  linesShown: LINES_SHOWN,
  selected: '',
  compared: undefined,
} as const satisfies Partial<State>;

let state: State = {
  ...NO_VIEW,
  me: undefined,
  route: readRoute(''),
  offline: '',
  filter: { state: '', text: '' },
  runs: undefined,
  totalRuns: 0,
  pageTokens: [],
  nextPageToken: '',
  chosen: [],
  workers: undefined,
  maxWorkers: 0,
  meanings: {},
  busy: false,
};
let draw: (state: State) => void = () => undefined;
let isDue = false;

/** What is shown now. */
export function current(): State {
  return state;
}

/** Changes what is shown; it is drawn once a frame, however often it changes. */
export function update(patch: Partial<State>): void {
  state = { ...state, ...patch };
  if (isDue) return;
  isDue = true;
  // A page that nobody sees draws no frames.
  const schedule = document.hidden ? (fn: () => void) => setTimeout(fn, 200) : requestAnimationFrame;
  schedule(() => {
    isDue = false;
    draw(state);
  });
}

/** Says who draws. */
export function drawWith(fn: (state: State) => void): void {
  draw = fn;
}

/** Reads an address. */
export function readRoute(hash: string): Route {
  const [view = '', ...ids] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  if (view === 'runs' && ids[0]) return { view: 'run', runId: ids[0] };
  if (view === 'compare' && ids[0] && ids[1]) return { view, runIds: [ids[0], ids[1]] };
  if (view === 'trainers') return { view };
  return { view: 'runs' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
