import type { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { OnescanError } from '@onescan/contract/onescan-error.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import { roundedReason } from '@onescan/dataset/rounded-columns.js';
import { type BilledFacts, billedOf } from '../model/cost.js';
import type { PairRecord } from '../model/run-record.js';
import { taskSpecHash } from '../model/task-spec.js';
import type { RunChange } from '../runs/run-change.js';

/** How the fetch of a pair ended. */
interface FetchOutcome {
  pair: PairRecord;
  billed: BilledFacts;
  seconds: number;
}

/** Of one that gave a dataset. */
interface FetchSuccess extends FetchOutcome {
  readonly dataset: DatasetRef;
  /** What scored the locked segment of the dataset before, by horizon. */
  readonly unlocked: ReadonlyMap<number, string>;
}

/** The pair has its dataset: its tasks can be learned, unless they would score a locked segment for the second time. */
export function succeed(change: RunChange, outcome: FetchSuccess): void {
  const { pair, dataset, unlocked, billed, seconds } = outcome;
  const scoresLocked = change.run.spec.overrides['protocol.score'] === 'locked';
  change.setPair(pair.pair, {
    state: 'FETCHED',
    dataset,
    error: '',
    fetchSeconds: seconds,
    ...billedOf(billed),
  });
  if (dataset.rounded) change.note(`${pair.pair}: ${reasonText(roundedReason(dataset.rounded))}`);
  for (const task of change.tasks()) {
    if (task.pair !== pair.pair || task.state !== 'BLOCKED') continue;
    const content = { pair: task.pair, horizon: task.horizon, datasetContentSha256: dataset.contentSha256 };
    const specHash = taskSpecHash(change.run.spec, content);
    const before = scoresLocked ? unlocked.get(task.horizon) : undefined;
    if (before === undefined || before === specHash) change.setTask(task, { state: 'READY', specHash });
    else change.setTask(task, { state: 'FAILED', specHash, error: SPENT });
  }
}

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
  'the locked rows of this dataset were scored before, by other settings: they can be asked for once (protocol.score=final scores the final segment)';
