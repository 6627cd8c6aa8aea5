import type { Run } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { nextSteps } from '@onescan/contract/next-steps.js';

/** What to do next with a run, a line each; empty when it goes on by itself. */
export function nextLines(run: Run): string[] {
  return nextSteps(run).map(({ why, command }) => `Next (${why}): ${command}`);
}
