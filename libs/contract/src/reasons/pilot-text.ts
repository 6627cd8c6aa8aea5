import { formatCount } from '../format/count.js';
import { formatDuration } from '../format/duration.js';
import { formatUsd } from '../format/usd.js';
import type { PilotReport } from '../generated/onescan/v1/coordinator.js';

/** What a pilot cost and took, and what that makes for the rest, with the arithmetic. */
export function pilotText(report: Omit<PilotReport, 'text'>): string {
  const { pairsLeft, workers, horizons, horizonsTrained } = report;
  const partly = horizonsTrained < horizons ? `${horizonsTrained} of ` : '';
  const trained = formatDuration(report.trainSeconds);
  const sharing =
    report.sharedFetchSeconds > 0
      ? `, ${formatDuration(report.sharedFetchSeconds)} of it for what all pairs share and the rest need not fetch`
      : '';
  return [
    `Pilot ${report.pair}: billed ${formatUsd(report.billedUsd)}, estimated ${formatUsd(report.estimatedUsd)};`,
    `fetched in ${formatDuration(report.fetchSeconds)}${sharing};`,
    `${partly}${formatCount(horizons, 'horizon')} trained in ${trained} of one trainer.`,
    `The ${formatCount(pairsLeft, 'pair')} left: estimated ${formatUsd(report.restEstimatedUsd)},`,
    `times ${report.billedOfEstimated.toFixed(2)} billed of estimated = ${formatUsd(report.restExpectedUsd)};`,
    `${fetchText(report)},`,
    `training ${pairsLeft} x ${trained} / ${formatCount(workers, 'worker')} = ${formatDuration(report.restTrainSeconds)}.`,
    `Both go on at the same time: about ${formatDuration(report.restSeconds)},`,
    'if the pairs left are like the pilot and do not slow each other down.',
  ].join(' ');
}

function fetchText(report: Omit<PilotReport, 'text'>): string {
  const { pairsToFetch, fetchesAtOnce } = report;
  if (pairsToFetch === 0) return 'nothing to fetch';
  const own = formatDuration(report.fetchSeconds - report.sharedFetchSeconds);
  const atOnce = fetchesAtOnce > 1 ? ` / ${fetchesAtOnce} at a time` : '';
  return `fetching ${pairsToFetch} x ${own}${atOnce} = ${formatDuration(report.restFetchSeconds)}`;
}
