import { formatCount } from '@onescan/contract/format/count.js';
import { formatDuration } from '@onescan/contract/format/duration.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import type { PilotReport } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { isMetadataQuery } from '@onescan/contract/metadata-query.js';
import { estimatedBytes, priceOf } from '../model/cost.js';
import type { PairRecord, RunSnapshot } from '../model/run-record.js';
import { tasksOf } from '../model/run-scope.js';
import { isTaskEnded } from '../states/task-state.js';

/** What the rest of a run after its pilot is reckoned with. */
export interface RestTerms {
  workersConnected: number;
  fetchesAtOnce: number;
}

/** What the pilot cost and took, and what that makes for the rest; undefined before it is done or without one. */
export function pilotReport(
  snapshot: RunSnapshot,
  { workersConnected, fetchesAtOnce: atMost }: RestTerms,
): PilotReport | undefined {
  const { run, pairs } = snapshot;
  const pilot = pairs.get(run.spec.pilotPair);
  const tasks = tasksOf(snapshot, run.spec.pilotPair);
  if (!pilot || !run.plan || !tasks.every((task) => isTaskEnded(task.state))) return undefined;
  const planned = new Map(run.plan.pairs.map((pair) => [pair.pair, pair]));
  const left = [...pairs.keys()].filter((pair) => pair !== pilot.pair);
  const toFetch = left.filter((pair) => planned.get(pair)?.cached === false);
  const restEstimatedUsd = toFetch.reduce((sum, pair) => sum + planned.get(pair)!.usd, 0);
  const own = planned.get(pilot.pair)!;
  // A later plan finds the pilot's dataset there, or paid for.
  const wasCached = own.cached && pilot.jobs.length === 0;
  const ownEstimatedUsd = wasCached ? 0 : priceOf(estimatedBytes(own), run.plan);
  // What all pairs share was fetched for the pilot and is there for the rest.
  const { shared } = run.plan;
  const sharedJobs = pilot.jobs.filter((job) => job.shared);
  const sharedUsd = sharedJobs.reduce((sum, job) => sum + job.usd, 0);
  const estimatedUsd =
    ownEstimatedUsd + (shared && sharedJobs.length > 0 ? priceOf(estimatedBytes(shared), run.plan) : 0);
  const ownUsd = pilot.usd - sharedUsd;
  const rate = ownEstimatedUsd > 0 && ownUsd > 0 ? ownUsd / ownEstimatedUsd : 1;
  const trainSeconds = tasks
    .flatMap((task) => Object.values(task.stats?.stageSeconds ?? {}))
    .reduce((sum, seconds) => sum + seconds, 0);
  const workers = Math.max(1, Math.min(run.spec.maxWorkers, Math.max(workersConnected, run.workersUsed)));
  const sharedFetchSeconds = sharedSeconds(pilot);
  const fetchesAtOnce = Math.max(1, Math.min(atMost, toFetch.length));
  const ownSeconds = pilot.fetchSeconds - sharedFetchSeconds;
  const restFetchSeconds = (ownSeconds * toFetch.length) / fetchesAtOnce;
  const restTrainSeconds = (trainSeconds * left.length) / workers;
  const figures = {
    pair: pilot.pair,
    pairsLeft: left.length,
    estimatedUsd,
    billedUsd: pilot.usd,
    fetchSeconds: pilot.fetchSeconds,
    sharedFetchSeconds,
    fetchesAtOnce,
    trainSeconds,
    workers,
    restEstimatedUsd,
    restExpectedUsd: restEstimatedUsd * rate,
    restFetchSeconds,
    restTrainSeconds,
    restSeconds: Math.max(restFetchSeconds, restTrainSeconds),
  };
  const trained = tasks.filter((task) => task.state === 'DONE').length;
  return {
    ...figures,
    text: pilotText(figures, { rate, horizons: tasks.length, trained, toFetch: toFetch.length }),
  };
}

/** Seconds of the pilot's fetch that went into what all pairs share: up to the first statement of its own. */
function sharedSeconds({ jobs, fetchSeconds }: PairRecord): number {
  const statements = jobs.filter((job) => !isMetadataQuery(job));
  const start = (shared: boolean): number =>
    Math.min(...statements.filter((job) => job.shared === shared).map((job) => Date.parse(job.startedAt)));
  const seconds = (start(false) - start(true)) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), fetchSeconds) : 0;
}

function pilotText(
  report: Omit<PilotReport, 'text'>,
  facts: { rate: number; horizons: number; trained: number; toFetch: number },
): string {
  const { pairsLeft, workers } = report;
  const horizons = `${facts.trained < facts.horizons ? `${facts.trained} of ` : ''}${formatCount(facts.horizons, 'horizon')}`;
  const trained = formatDuration(report.trainSeconds);
  const sharing =
    report.sharedFetchSeconds > 0
      ? `, ${formatDuration(report.sharedFetchSeconds)} of it for what all pairs share and the rest need not fetch`
      : '';
  return [
    `Pilot ${report.pair}: billed ${formatUsd(report.billedUsd)}, estimated ${formatUsd(report.estimatedUsd)};`,
    `fetched in ${formatDuration(report.fetchSeconds)}${sharing};`,
    `${horizons} trained in ${trained} of one trainer.`,
    `The ${formatCount(pairsLeft, 'pair')} left: estimated ${formatUsd(report.restEstimatedUsd)},`,
    `times ${facts.rate.toFixed(2)} billed of estimated = ${formatUsd(report.restExpectedUsd)};`,
    `${fetchText(report, facts.toFetch)},`,
    `training ${pairsLeft} x ${trained} / ${formatCount(workers, 'worker')} = ${formatDuration(report.restTrainSeconds)}.`,
    `Both go on at the same time: about ${formatDuration(report.restSeconds)},`,
    'if the pairs left are like the pilot and do not slow each other down.',
  ].join(' ');
}

function fetchText(report: Omit<PilotReport, 'text'>, toFetch: number): string {
  if (toFetch === 0) return 'nothing to fetch';
  const own = formatDuration(report.fetchSeconds - report.sharedFetchSeconds);
  const { fetchesAtOnce } = report;
  const atOnce = fetchesAtOnce > 1 ? ` / ${fetchesAtOnce} at a time` : '';
  return `fetching ${toFetch} x ${own}${atOnce} = ${formatDuration(report.restFetchSeconds)}`;
}
