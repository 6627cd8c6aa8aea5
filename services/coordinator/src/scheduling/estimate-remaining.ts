/** Work of a run that is done and that remains. */
export interface Workload {
  /** Seconds that each finished task took. */
  readonly doneSeconds: readonly number[];
  readonly remainingTasks: number;
  /** Trainers at work now. */
  readonly workers: number;
}

/**
 * Seconds until the last task ends: mean time of the finished tasks x tasks that remain / trainers at work.
 * Undefined until a task has finished, or while nobody works.
 */
export function estimateRemaining(workload: Workload): number | undefined {
  const { doneSeconds, remainingTasks, workers } = workload;
  if (remainingTasks === 0) return 0;
  if (doneSeconds.length === 0 || workers === 0) return undefined;
  const mean = doneSeconds.reduce((sum, seconds) => sum + seconds, 0) / doneSeconds.length;
  return (mean * remainingTasks) / workers;
}
