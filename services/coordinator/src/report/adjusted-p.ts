import type { RunEvidence } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { shortFigure } from './figures.js';

/** The p-value of a result, adjusted for all tests of its run; a dash where it has none. */
export function adjustedP(
  evidence: RunEvidence | undefined,
  of: { readonly pair: string; readonly horizon: number },
): string {
  const found = evidence?.adjusted.find(({ pair, horizon }) => pair === of.pair && horizon === of.horizon);
  return shortFigure(found?.romanoWolf ?? found?.holm);
}

/** How p-values are adjusted, as a sentence. */
export function adjustedBy({ calendarBlocks, tests }: RunEvidence): string {
  return calendarBlocks > 0
    ? `Adjusted p-values are family-wise over all ${tests} tests, by Romano and Wolf's step-down with ${calendarBlocks} resampled blocks of calendar time that all share.`
    : `Adjusted p-values are family-wise over all ${tests} tests, by Holm's rule.`;
}
