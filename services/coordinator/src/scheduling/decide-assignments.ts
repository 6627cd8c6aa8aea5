/** A trainer that could be given work. */
export interface CandidateTrainer {
  readonly trainerId: string;
  /** Dataset in its memory; empty when none. */
  readonly heldDatasetId: string;
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
  /** In plan order. */
  readonly ready: readonly ReadyTask[];
  /** One entry for every task that a trainer works on. */
  readonly leased: readonly { readonly pair: string }[];
}

export interface SchedulingInput {
  /** Oldest first: a run takes trainers before the runs after it. */
  readonly runs: readonly SchedulableRun[];
  /** Connected trainers without work. */
  readonly idle: readonly CandidateTrainer[];
  /** Trainers that may work at the same time in all. */
  readonly maxWorkers: number;
}

export interface Assignment {
  readonly trainerId: string;
  readonly task: ReadyTask;
}

/**
 * Decides which idle trainer gets which task, one each:
 *
 * 1. A trainer keeps to the dataset that it holds while that has ready tasks.
 * 2. Another takes the pair with most ready tasks that nobody works on.
 * 3. When all such pairs are taken, it helps where most ready tasks wait for each trainer.
 *
 * With one pair at a time, only the pair being worked on (else the first with ready tasks) is given out.
 * Pure: the same input gives the same assignments.
 */
export function decideAssignments(input: SchedulingInput): Assignment[] {
  const idle = [...input.idle].sort((a, b) => (a.trainerId < b.trainerId ? -1 : 1));
  const assignments: Assignment[] = [];
  let working = input.runs.reduce((sum, run) => sum + run.leased.length, 0);
  for (const run of input.runs) {
    const board = new RunBoard(run);
    for (const choose of [holdersChoice, freshChoice]) {
      for (let i = 0; i < idle.length && working < input.maxWorkers && board.hasRoom(); ) {
        const trainer = idle[i]!;
        const pair = choose(board, trainer);
        if (pair === undefined) {
          i++;
          continue;
        }
        assignments.push({ trainerId: trainer.trainerId, task: board.take(pair) });
        idle.splice(i, 1);
        working++;
      }
    }
  }
  return assignments;
}

function holdersChoice(board: RunBoard, trainer: CandidateTrainer): string | undefined {
  return board.pairs().find((pair) => board.datasetOf(pair) === trainer.heldDatasetId);
}

function freshChoice(board: RunBoard): string | undefined {
  const pairs = board.pairs();
  const untouched = pairs.filter((pair) => board.workers(pair) === 0);
  const candidates = untouched.length > 0 ? untouched : pairs;
  return firstBest(candidates, (pair) => board.waiting(pair) / (board.workers(pair) + 1));
}

/** What is ready and who works where within one run, as assignments are made. */
class RunBoard {
  readonly #run: SchedulableRun;
  readonly #ready = new Map<string, ReadyTask[]>();
  readonly #workers = new Map<string, number>();
  #leased: number;

  constructor(run: SchedulableRun) {
    this.#run = run;
    this.#leased = run.leased.length;
    for (const { pair } of run.leased) this.#workers.set(pair, this.workers(pair) + 1);
    const only = run.onePairAtATime ? (run.leased[0]?.pair ?? run.ready[0]?.pair) : undefined;
    for (const task of run.ready) {
      if (only !== undefined && task.pair !== only) continue;
      this.#ready.set(task.pair, [...(this.#ready.get(task.pair) ?? []), task]);
    }
  }

  hasRoom(): boolean {
    return this.#leased < this.#run.maxWorkers;
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
