import type { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';

/** Names of spans: one trace a run, `run` at its root. */
export const SPAN = {
  run: 'run',
  plan: 'plan',
  planPair: 'plan_pair',
  /** The coordinator's view of a pair's fetch; the fetcher's work is its child. */
  fetch: 'fetch',
  fetchPair: 'fetch_pair',
  trainPair: 'train_pair',
  load: 'load',
  horizon: 'horizon',
  prune: 'prune',
  select: 'select',
  model: 'model',
  explain: 'explain',
  record: 'record',
} as const;

/** Names of span attributes. */
export const ATTRIBUTE = {
  runId: 'onescan.run.id',
  pair: 'onescan.pair',
  horizon: 'onescan.horizon',
  attempt: 'onescan.attempt',
  trainerId: 'onescan.trainer.id',
  datasetId: 'onescan.dataset.id',
  datasetCached: 'onescan.dataset.cached',
  rows: 'onescan.rows',
  columns: 'onescan.columns',
  statements: 'onescan.statements',
  bytesEstimated: 'onescan.bytes.estimated',
  bytesBilled: 'onescan.bytes.billed',
  usd: 'onescan.usd',
  /** Of {@link usdBand}: Jaeger's queries know no ranges. */
  usdBand: 'onescan.usd_band',
  planHash: 'onescan.plan.hash',
  pairs: 'onescan.pairs',
  approver: 'onescan.approved_by',
  /** Time that a run waited for approvals. */
  approvalSeconds: 'onescan.approval.seconds',
  rerunOf: 'onescan.rerun_of',
  state: 'onescan.state',
  jobs: 'onescan.jobs',
  secondsBand: 'onescan.seconds_band',
  memoryBand: 'onescan.memory_band',
  preset: 'onescan.preset',
  workers: 'onescan.workers',
  featuresTested: 'onescan.features.tested',
  featuresRetained: 'onescan.features.retained',
  verdict: 'onescan.verdict',
  auc: 'onescan.auc',
  accuracy: 'onescan.accuracy',
  skill: 'onescan.skill',
  rssBytes: 'onescan.memory.rss',
  failureKind: 'onescan.failure.kind',
  /** How an attempt ended. */
  outcome: 'onescan.outcome',
  /** Of an attempt without a result: where it was when it was last heard of. */
  lastStage: 'onescan.last.stage',
  lastFraction: 'onescan.last.fraction',
  peakRssBytes: 'onescan.memory.peak',
  reason: 'onescan.reason',
  linkKind: 'onescan.link',
} as const;

/** Bounds of bands, each with the name of what is below it. */
type Bands = readonly (readonly [below: number, name: string])[];

const USD_BANDS: Bands = [
  [Number.MIN_VALUE, 'free'],
  [0.01, 'below 0.01'],
  [0.1, '0.01 to 0.1'],
  [1, '0.1 to 1'],
  [10, '1 to 10'],
  [100, '10 to 100'],
];

const SECONDS_BANDS: Bands = [
  [1, 'below 1'],
  [10, '1 to 10'],
  [60, '10 to 60'],
  [600, '60 to 600'],
  [3_600, '600 to 3600'],
];

const GIB = 1024 ** 3;
const MEMORY_BANDS: Bands = [
  [GIB / 2, 'below 0.5 GiB'],
  [GIB, '0.5 to 1 GiB'],
  [2 * GIB, '1 to 2 GiB'],
  [4 * GIB, '2 to 4 GiB'],
];

/** Dollars with their band. */
export function costAttributes(usd: number): Record<string, number | string> {
  return { [ATTRIBUTE.usd]: usd, [ATTRIBUTE.usdBand]: bandOf(USD_BANDS, usd, '100 or more') };
}

/** What a dataset is, and what it cost to make now. */
export function datasetAttributes(
  ref: Pick<
    DatasetRef,
    'datasetId' | 'cached' | 'rows' | 'columns' | 'statementsRun' | 'bytesBilled' | 'usd'
  >,
): Record<string, number | string | boolean> {
  return {
    [ATTRIBUTE.datasetId]: ref.datasetId,
    [ATTRIBUTE.datasetCached]: ref.cached,
    [ATTRIBUTE.rows]: ref.rows,
    [ATTRIBUTE.columns]: ref.columns,
    [ATTRIBUTE.statements]: ref.statementsRun,
    [ATTRIBUTE.bytesBilled]: Number(ref.bytesBilled),
    ...costAttributes(ref.usd),
  };
}

/** Peak memory in bytes with its band. */
export function memoryAttributes(bytes: number): Record<string, number | string> {
  return {
    [ATTRIBUTE.peakRssBytes]: bytes,
    [ATTRIBUTE.memoryBand]: bandOf(MEMORY_BANDS, bytes, '4 GiB or more'),
  };
}

/** The band of a duration in seconds. */
export function durationAttributes(seconds: number): Record<string, string> {
  return { [ATTRIBUTE.secondsBand]: bandOf(SECONDS_BANDS, seconds, '3600 or more') };
}

/**
 * Attributes without the figures that there are not, such as an AUC where nothing was told apart: a Jaeger answers 500 to
 * a trace that holds one NaN.
 */
export function knownAttributes(
  given: Readonly<Record<string, number | string>>,
): Record<string, number | string> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => typeof value === 'string' || Number.isFinite(value)),
  );
}

function bandOf(bands: Bands, value: number, most: string): string {
  return bands.find(([below]) => value < below)?.[1] ?? most;
}
