/**
 * What this process had to say of itself and could not get rid of, since it began: spans that a collector did not take,
 * spans that no run's file has, and lines of the log.
 */
export const LOSSES = { collector: 0, runFile: 0, logLines: 0 };
