const MAX_LABEL_LENGTH = 63;

/** Labels by which the jobs of a run are found in the warehouse: lower-case letters, digits, _ and -, 63 of them. */
export function jobLabels(job: { runId: string; pair: string; planHash: string }): Record<string, string> {
  const text = (value: string): string =>
    value
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]/g, '_')
      .slice(0, MAX_LABEL_LENGTH);
  return { run: text(job.runId), pair: text(job.pair), plan_hash: text(job.planHash) };
}
