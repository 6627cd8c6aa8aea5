import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import { type ResolvedRunSpec, resultFields } from '@onescan/contract/run-spec.js';
import { deriveSeed } from '@onescan/contract/seed.js';

/** Grows when the meaning of a result changes, so that old and new results are never taken for equal. */
const RESULT_VERSION = 2;

/** What determines a task's result, besides the code. */
export interface TaskContent {
  pair: string;
  horizon: number;
  /** Hash over the content of the dataset: equal data, equal hash, whatever its file. */
  datasetContentSha256: string;
}

/** The seed of a task: the same for every attempt, trainer and run of the same spec. */
export function taskSeed(spec: ResolvedRunSpec, task: Pick<TaskContent, 'pair' | 'horizon'>): bigint {
  return deriveSeed(spec.seed, 'task', task.pair, String(task.horizon));
}

/**
 * Identity of all that determines a task's result: the data, and every field of the spec that decides results. Results are
 * idempotent by task and this hash.
 */
export function taskSpecHash(spec: ResolvedRunSpec, task: TaskContent): string {
  return sha256Hex(
    canonicalJson({
      resultVersion: RESULT_VERSION,
      ...resultFields(spec),
      ...task,
      seed: taskSeed(spec, task),
    }),
  );
}
