import { formatDuration } from '@onescan/shared/format/duration.js';
import { formatUsd } from '@onescan/shared/format/usd.js';
import type { PilotReport } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { estimatedBytes, priceOf } from '../planning/estimated-cost.js';
import { isTaskEnded } from '../states/task-state.js';
import type { RunSnapshot } from './run-record.js';
import { tasksOf } from './run-scope.js';

/** What the pilot cost and took, and what that makes for the rest; undefined before it is done or without one. */
export function pilotReport(snapshot: RunSnapshot, workersConnected: number): PilotReport | undefined {
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
  const sharedJobs = pilot.jobs.filter((job) => job.datasetId === shared?.datasetId);
  const sharedUsd = sharedJobs.reduce((sum, job) => sum + job.usd, 0);
  const estimatedUsd = ownEstimatedUsd + (shared && sharedJobs.length > 0 ? shared.usd : 0);
  const ownUsd = pilot.usd - sharedUsd;
  const rate = ownEstimatedUsd > 0 && ownUsd > 0 ? ownUsd / ownEstimatedUsd : 1;
  const trainSeconds = tasks
    .flatMap((task) => Object.values(task.stats?.stageSeconds ?? {}))
    .reduce((sum, seconds) => sum + seconds, 0);
  const workers = Math.max(1, Math.min(run.spec.maxWorkers, Math.max(workersConnected, run.workersUsed)));
  const restFetchSeconds = pilot.fetchSeconds * toFetch.length;
  const restTrainSeconds = (trainSeconds * left.length) / workers;
  const figures = {
    pair: pilot.pair,
    pairsLeft: left.length,
    estimatedUsd,
    billedUsd: pilot.usd,
    fetchSeconds: pilot.fetchSeconds,
    trainSeconds,
    workers,
    restEstimatedUsd,
    restExpectedUsd: restEstimatedUsd * rate,
    restFetchSeconds,
    restTrainSeconds,
    restSeconds: Math.max(restFetchSeconds, restTrainSeconds),
  };
  return { ...figures, text: pilotText(figures, { rate, horizons: tasks.length, toFetch: toFetch.length }) };
}

function pilotText(
  report: Omit<PilotReport, 'text'>,
  facts: { rate: number; horizons: number; toFetch: number },
): string {
  const { pairsLeft, workers } = report;
  const fetched = formatDuration(report.fetchSeconds);
  const trained = formatDuration(report.trainSeconds);
  return [
    `pilot ${report.pair}: billed ${formatUsd(report.billedUsd)}, estimated ${formatUsd(report.estimatedUsd)};`,
    `fetched in ${fetched}, ${facts.horizons} horizons trained in ${trained} of one trainer.`,
    `The ${pairsLeft} ${pairsLeft === 1 ? 'pair' : 'pairs'} left: estimated ${formatUsd(report.restEstimatedUsd)},`,
    `times ${facts.rate.toFixed(2)} billed of estimated = ${formatUsd(report.restExpectedUsd)};`,
    `fetching ${facts.toFetch} x ${fetched} = ${formatDuration(report.restFetchSeconds)},`,
    `training ${pairsLeft} x ${trained} / ${workers} ${workers === 1 ? 'worker' : 'workers'} = ${formatDuration(report.restTrainSeconds)},`,
    `at the same time: about ${formatDuration(report.restSeconds)}.`,
  ].join(' ');
}
