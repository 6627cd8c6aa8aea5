import type { JointHypothesis } from '@onescan/learn';
import { type ResultDocument, readResultDocument } from '../model/result-document.js';
import { type RunSnapshot, taskKey } from '../model/run-record.js';
import type { Store } from '../store/store.js';

/** What a result says of gain and edge, and of what each cell of calendar time adds to them. */
export type TestedSkill = Pick<ResultDocument['skill'], 'logLossGain' | 'unknownEdge' | 'blocks'> & {
  readonly calendar: NonNullable<ResultDocument['skill']['calendar']>;
};

/** Calendar time of a run, cut into blocks that all its results share. */
export interface RunCalendar {
  readonly blocks: number;
  /** In the order of the tasks that were asked for; null where nothing was tested. */
  readonly hypotheses: readonly JointHypothesis[];
}

/** More blocks make resampling slower and hardly better. */
const MOST_BLOCKS = 128;
/** With fewer, resampling says little of the tails that many tests need. */
const LEAST_BLOCKS = 20;

/**
 * Reads what results say of calendar time, one document at a time.
 *
 * @throws OnescanError DATA_LOSS when a document cannot be read
 */
export async function readCalendars(
  store: Pick<Store, 'readResult'>,
  { run, tasks }: RunSnapshot,
): Promise<Map<string, TestedSkill>> {
  const found = new Map<string, TestedSkill>();
  for (const task of tasks.values()) {
    if (task.state !== 'DONE' || task.summary?.pValue === undefined) continue;
    const stored = await store.readResult(run.runId, task.pair, task.horizon);
    if (!stored) continue;
    const { skill } = readResultDocument(task, stored.document);
    if (skill.calendar) found.set(taskKey(task.pair, task.horizon), { ...skill, calendar: skill.calendar });
  }
  return found;
}

/**
 * Joins cells of results into blocks of calendar time that all share: half as many as the result with the fewest blocks of
 * its own has, so that next to nothing reaches over their edges, but no fewer than are needed. Cells of different length fit,
 * since each length divides the next.
 *
 * @param keys tasks in order; one that is not among the results stands for nothing
 * @returns undefined when there is too little calendar time
 */
export function runCalendar(
  keys: readonly string[],
  tested: ReadonlyMap<string, TestedSkill>,
): RunCalendar | undefined {
  const all = keys.flatMap((key) => tested.get(key) ?? []);
  if (all.length === 0) return undefined;
  const cell = Math.max(...all.map(({ calendar }) => calendar.cell));
  const used = new Set(all.flatMap(({ calendar }) => usedCells(calendar, cell)));
  const fewest = Math.min(...all.map(({ blocks }) => blocks ?? 0));
  if (Math.min(fewest, used.size) < LEAST_BLOCKS) return undefined;
  const most = Math.min(MOST_BLOCKS, Math.max(LEAST_BLOCKS, Math.floor(fewest / 2)));
  // Blocks have the same number of used cells, so that weekends and days that were not drawn make none.
  const inOrder = [...used].sort((a, b) => a - b);
  const blocks = Math.min(most, inOrder.length);
  const blockOf = new Map(inOrder.map((number, k) => [number, Math.floor((k * blocks) / inOrder.length)]));
  const hypotheses = keys.map((key): JointHypothesis => {
    const skill = tested.get(key);
    if (!skill) return null;
    const { calendar, logLossGain, unknownEdge } = skill;
    const influence = (values: readonly number[]) => {
      const sums = new Float64Array(blocks);
      values.forEach((own, k) => {
        if (own !== 0) sums[blockOf.get(cellAt(calendar, k, cell))!]! += own;
      });
      return sums;
    };
    return [
      { value: logLossGain.value ?? 0, influence: influence(calendar.gain) },
      { value: unknownEdge.value ?? 0, influence: influence(calendar.edge) },
    ];
  });
  return { blocks, hypotheses };
}

type Calendar = TestedSkill['calendar'];

function cellAt(calendar: Calendar, k: number, cell: number): number {
  return Math.floor(((calendar.first + k) * calendar.cell) / cell);
}

function usedCells(calendar: Calendar, cell: number): number[] {
  return calendar.gain.flatMap((own, k) =>
    own !== 0 || calendar.edge[k] !== 0 ? [cellAt(calendar, k, cell)] : [],
  );
}
