/** A trainer that could be given work. */
export interface CandidateTrainer {
  readonly trainerId: string;
  /** Dataset in its memory; empty when none. */
  readonly heldDatasetId: string;
  /** Run of its newest task; empty at first. */
  readonly lastRunId: string;
}

/** A task that has no trainer yet. */
export interface ReadyTask {
  readonly runId: string;
  readonly pair: string;
  readonly horizon: number;
  readonly datasetId: string;
}

/** Scheduling facts of one run. */
export interface SchedulableRun {
  readonly runId: string;
  /** Trainers that may work on it at the same time. */
  readonly maxWorkers: number;
  readonly onePairAtATime: boolean;
  /** Grows from turn to turn: when a trainer was last moved to this run; 0 for never. */
  readonly lastTurn: number;
  /** In plan order. */
  readonly ready: readonly ReadyTask[];
  /** One entry for every task that a trainer works on. */
  readonly leased: readonly { readonly pair: string }[];
}

export interface SchedulingInput {
  /** Oldest first. */
  readonly runs: readonly SchedulableRun[];
  /** Connected trainers without work. */
  readonly idle: readonly CandidateTrainer[];
  /** Trainers that may work at the same time in all. */
  readonly maxWorkers: number;
}

export interface Assignment {
  readonly trainerId: string;
  readonly task: ReadyTask;
  /** True when the trainer goes on with its dataset for the same run; otherwise this is a turn of the run. */
  readonly kept: boolean;
}

/**
 * Decides which idle trainer gets which task, one each. The run with fewest trainers at work comes first, so
 * that runs share them evenly, within their own limits. Between runs that have equally many:
 *
 * 1. A trainer keeps to the dataset that it holds while that has ready tasks; an even share is reached by whole
 *    pairs, since another pair must be loaded first.
 * 2. Else the run to which a trainer was moved longest ago gets one, and with it the pair with most ready tasks
 *    that nobody works on.
 * 3. When all its pairs are taken, the trainer helps where most ready tasks wait for each trainer.
 *
 * With one pair at a time, only the pair being worked on (else the first with ready tasks) is given out.
 * Pure: the same input gives the same assignments.
 */
export function decideAssignments(input: SchedulingInput): Assignment[] {
  const idle = [...input.idle].sort((a, b) => (a.trainerId < b.trainerId ? -1 : 1));
  const boards = input.runs.map((run) => new RunBoard(run));
  const assignments: Assignment[] = [];
  let working = boards.reduce((sum, board) => sum + board.working, 0);
  let turn = Math.max(0, ...input.runs.map((run) => run.lastTurn));
  while (idle.length > 0 && working < input.maxWorkers) {
    const open = boards.filter((board) => board.isOpen);
    const fewest = Math.min(...open.map((board) => board.working));
    const next = open.filter((board) => board.working === fewest);
    if (next.length === 0) break;
    const choice = keepingChoice(next, idle) ?? movingChoice(next, idle, open);
    const { board, trainer, pair, kept } = choice;
    if (!kept) board.lastTurn = ++turn;
    assignments.push({ trainerId: trainer.trainerId, task: board.take(pair), kept });
    idle.splice(idle.indexOf(trainer), 1);
    working++;
  }
  return assignments;
}

interface Choice {
  board: RunBoard;
  trainer: CandidateTrainer;
  pair: string;
  kept: boolean;
}

/** A trainer that holds a dataset with ready tasks, of the run that it last worked on if that may be. */
function keepingChoice(boards: readonly RunBoard[], idle: readonly CandidateTrainer[]): Choice | undefined {
  for (const trainer of idle) {
    const own = boards.filter((board) => board.runId === trainer.lastRunId);
    for (const board of [...own, ...boards]) {
      const pair = board.heldPair(trainer);
      // A dataset of two runs is no reason to pass by a third: going over to the other run is a turn of it.
      if (pair !== undefined) return { board, trainer, pair, kept: board.runId === trainer.lastRunId };
    }
  }
  return undefined;
}

/** The run whose turn it is, and a trainer that no other run would miss, if there is one. */
function movingChoice(
  boards: readonly RunBoard[],
  idle: readonly CandidateTrainer[],
  open: readonly RunBoard[],
): Choice {
  const board = firstBest(boards, (candidate) => -candidate.lastTurn)!;
  const free = idle.find((trainer) => open.every((other) => other.heldPair(trainer) === undefined));
  return { board, trainer: free ?? idle[0]!, pair: freshChoice(board), kept: false };
}

function freshChoice(board: RunBoard): string {
  const pairs = board.pairs();
  const untouched = pairs.filter((pair) => board.workers(pair) === 0);
  const candidates = untouched.length > 0 ? untouched : pairs;
  return firstBest(candidates, (pair) => board.waiting(pair) / (board.workers(pair) + 1))!;
}

/** What is ready and who works where within one run, as assignments are made. */
class RunBoard {
  readonly #run: SchedulableRun;
  readonly #ready = new Map<string, ReadyTask[]>();
  readonly #workers = new Map<string, number>();
  #leased: number;
  lastTurn: number;

  constructor(run: SchedulableRun) {
    this.#run = run;
    this.lastTurn = run.lastTurn;
    this.#leased = run.leased.length;
    for (const { pair } of run.leased) this.#workers.set(pair, this.workers(pair) + 1);
    const only = run.onePairAtATime ? (run.leased[0]?.pair ?? run.ready[0]?.pair) : undefined;
    for (const task of run.ready) {
      if (only !== undefined && task.pair !== only) continue;
      this.#ready.set(task.pair, [...(this.#ready.get(task.pair) ?? []), task]);
    }
  }

  get runId(): string {
    return this.#run.runId;
  }

  get working(): number {
    return this.#leased;
  }

  /** True when it may be given a trainer and has work for one. */
  get isOpen(): boolean {
    return this.#leased < this.#run.maxWorkers && this.pairs().length > 0;
  }

  /** A pair with ready tasks whose dataset the trainer holds. */
  heldPair({ heldDatasetId }: CandidateTrainer): string | undefined {
    return this.pairs().find((pair) => this.datasetOf(pair) === heldDatasetId);
  }

  /** Pairs with ready tasks, in plan order. */
  pairs(): string[] {
    return [...this.#ready].filter(([, tasks]) => tasks.length > 0).map(([pair]) => pair);
  }

  datasetOf(pair: string): string | undefined {
    return this.#ready.get(pair)?.[0]?.datasetId;
  }

  waiting(pair: string): number {
    return this.#ready.get(pair)?.length ?? 0;
  }

  workers(pair: string): number {
    return this.#workers.get(pair) ?? 0;
  }

  take(pair: string): ReadyTask {
    this.#workers.set(pair, this.workers(pair) + 1);
    this.#leased++;
    return this.#ready.get(pair)!.shift()!;
  }
}

function firstBest<T>(items: readonly T[], score: (item: T) => number): T | undefined {
  let best: T | undefined;
  for (const item of items) if (best === undefined || score(item) > score(best)) best = item;
  return best;
}
