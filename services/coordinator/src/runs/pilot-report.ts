import type { PilotReport } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { isMetadataQuery } from '@onescan/contract/metadata-query.js';
import { pilotText } from '@onescan/contract/reasons/pilot-text.js';
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
    horizons: tasks.length,
    horizonsTrained: tasks.filter((task) => task.state === 'DONE').length,
    pairsToFetch: toFetch.length,
    billedOfEstimated: rate,
  };
  return { ...figures, text: pilotText(figures) };
}

/** Seconds of the pilot's fetch that went into what all pairs share: up to the first statement of its own. */
function sharedSeconds({ jobs, fetchSeconds }: PairRecord): number {
  const statements = jobs.filter((job) => !isMetadataQuery(job));
  const start = (shared: boolean): number =>
    Math.min(...statements.filter((job) => job.shared === shared).map((job) => Date.parse(job.startedAt)));
  const seconds = (start(false) - start(true)) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), fetchSeconds) : 0;
}
