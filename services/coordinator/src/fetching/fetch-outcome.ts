import type { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { OnescanError } from '@onescan/contract/onescan-error.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import { missedReason } from '@onescan/dataset/missed-tables.js';
import { roundedReason } from '@onescan/dataset/rounded-columns.js';
import { type BilledFacts, billedOf } from '../model/cost.js';
import type { PairRecord, RunSnapshot } from '../model/run-record.js';
import { scoredSegment } from '../model/scoring.js';
import { taskSpecHash } from '../model/task-spec.js';
import type { RunChange } from '../runs/run-change.js';
import type { TaskState } from '../states/task-state.js';

/** How the fetch of a pair ended. */
interface FetchOutcome {
  pair: PairRecord;
  billed: BilledFacts;
  seconds: number;
}

/** Of one that gave a dataset. */
interface FetchSuccess extends FetchOutcome {
  readonly dataset: DatasetRef;
  /** What scored the locked segment of the dataset, or is about to, by horizon. */
  readonly unlocked: ReadonlyMap<number, string>;
}

/** The pair has its dataset: its tasks can be learned, unless they would score a locked segment for the second time. */
export function succeed(change: RunChange, outcome: FetchSuccess): void {
  const { pair, dataset, unlocked, billed, seconds } = outcome;
  const scoresLocked = scoredSegment(change.run.spec) === 'locked';
  change.setPair(pair.pair, {
    state: 'FETCHED',
    dataset,
    error: '',
    fetchSeconds: seconds,
    ...billedOf(billed),
  });
  if (dataset.rounded) change.note(`${pair.pair}: ${reasonText(roundedReason(dataset.rounded))}`);
  for (const table of dataset.missedTables) change.note(`${pair.pair}: ${reasonText(missedReason(table))}`);
  for (const task of change.tasks()) {
    if (task.pair !== pair.pair || task.state !== 'BLOCKED') continue;
    const content = { pair: task.pair, horizon: task.horizon, datasetContentSha256: dataset.contentSha256 };
    const specHash = taskSpecHash(change.run.spec, content);
    const before = scoresLocked ? unlocked.get(task.horizon) : undefined;
    if (before === undefined || before === specHash) change.setTask(task, { state: 'READY', specHash });
    else change.setTask(task, { state: 'FAILED', specHash, error: SPENT });
  }
}

/**
 * What runs that have not ended are about to score of a dataset's locked segment, by horizon. Whoever gets there first has it: a
 * task that is ready holds its claim until it has ended.
 */
export function claimedLocked(
  active: readonly RunSnapshot[],
  { runId, pair }: Pick<PairRecord, 'runId' | 'pair'>,
  { contentSha256 }: Pick<DatasetRef, 'contentSha256'>,
): Map<number, string> {
  const others = active.filter(
    ({ run, pairs }) =>
      run.runId !== runId &&
      scoredSegment(run.spec) === 'locked' &&
      pairs.get(pair)?.dataset?.contentSha256 === contentSha256,
  );
  const claims = others.flatMap(({ tasks }) =>
    [...tasks.values()].filter((task) => task.pair === pair && CLAIMING.has(task.state)),
  );
  return new Map(claims.map(({ horizon, specHash }) => [horizon, specHash]));
}

const CLAIMING: ReadonlySet<TaskState> = new Set(['READY', 'LEASED', 'DONE']);

/** The pair has no dataset, so its tasks cannot be learned. */
export function fail(change: RunChange, outcome: FetchOutcome & { error: OnescanError }): void {
  const { pair, error, billed, seconds } = outcome;
  change.setPair(pair.pair, {
    state: 'FAILED',
    error: error.text,
    fetchSeconds: seconds,
    ...billedOf(billed),
  });
  for (const task of change.tasks()) {
    if (task.pair === pair.pair && task.state === 'BLOCKED') {
      change.setTask(task, { state: 'FAILED', error: `no dataset: ${error.text}` });
    }
  }
}

const SPENT =
  'the locked rows of this dataset were scored before, or are being scored, by other settings: they can be asked for once (protocol.score=final scores the final segment)';
