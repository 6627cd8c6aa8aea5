/** CPU seconds (user and system, all threads) that this process has used since it started. */
export function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Runs `work` and returns its CPU seconds and result. */
export function timed(work) {
  const before = cpuSeconds();
  const result = work();
  return { seconds: cpuSeconds() - before, result };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Peak resident memory of this process in GB. */
export function peakGigabytes() {
  return process.resourceUsage().maxRSS / 1e6;
}
