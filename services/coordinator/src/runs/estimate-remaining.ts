/** Work of one kind, done and remaining: fetches of a run, or its tasks. */
export interface Workload {
  /** Seconds that each finished piece took. */
  readonly doneSeconds: readonly number[];
  /** Pieces not finished, those being worked on included. */
  readonly remaining: number;
  /** Pieces worked on at the same time. */
  readonly workers: number;
}

/**
 * Seconds until the last piece ends: mean time of the finished ones x those that remain / workers.
 * Undefined until one has finished, or while nobody works.
 */
export function estimateRemaining({ doneSeconds, remaining, workers }: Workload): number | undefined {
  if (remaining === 0) return 0;
  if (doneSeconds.length === 0 || workers === 0) return undefined;
  const mean = doneSeconds.reduce((sum, seconds) => sum + seconds, 0) / doneSeconds.length;
  return (mean * remaining) / workers;
}
