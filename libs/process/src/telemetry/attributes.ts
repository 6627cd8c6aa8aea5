/** Names of spans: one trace a run, `run` at its root. */
export const SPAN = {
  run: 'run',
  plan: 'plan',
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
  planHash: 'onescan.plan.hash',
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
} as const;
