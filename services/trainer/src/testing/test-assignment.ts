import type { CompleteAssign } from '../tasks/task-messages.js';

/** An assignment of eurusd at 15 bars, with what a test wants different. */
export function testAssignment(more: Partial<CompleteAssign> = {}): CompleteAssign {
  return {
    task: { runId: 'r1', pair: 'eurusd', horizon: 15, attempt: 1 },
    dataset: {
      datasetId: 'd1',
      pair: 'eurusd',
      path: '/nowhere',
      fileBytes: 0n,
      rows: 1,
      columns: 1,
      targets: [],
      cached: true,
      statementsRun: 0,
      bytesBilled: 0n,
      usd: 0,
      createdAt: '',
      contentSha256: '',
      derivedFrom: '',
      referencedBy: [],
      missedTables: [],
    },
    fetcherAddress: '',
    targetWindow: 45,
    preset: 'quick',
    overrides: {},
    seed: 1n,
    specHash: 's1',
    memoryLimitBytes: 0n,
    traceparent: '',
    failedTraceparent: '',
    leaseToken: '',
    ...more,
  };
}
