import type {
  GetResultsResponse,
  Run,
  RunEvent,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { LedgerRow } from '@onescan/contract/generated/onescan/v1/result.js';
import type { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { runSpecFromJson } from '@onescan/contract/run-spec.js';
import { callServerStream, callUnary } from '@onescan/process/grpc/client.js';
import type { Stack } from './stack.js';

const OVER: ReadonlySet<RunState> = new Set([
  RunState.RUN_STATE_COMPLETED,
  RunState.RUN_STATE_PARTIAL,
  RunState.RUN_STATE_FAILED,
  RunState.RUN_STATE_CANCELLED,
]);

/** Features that the quick runs leave out, so that a horizon takes seconds. */
const EXCLUDED = ['cov_*', 'corr_*', 'csi_*', 'var_*', 'tri_*', 'reg_*', 'agg_*', 'mom_*', 'vol_*', 'der_*'];

/** The spec of the quick runs with what a test wants different, as a user would write it. */
export function quickSpec(more: Readonly<Record<string, unknown>> = {}): RunSpec {
  return runSpecFromJson({
    pairs: ['eurusd', 'usdjpy'],
    horizons: [15, 45],
    preset: 'quick',
    sample: { rows: 3000 },
    universe: { exclude: EXCLUDED },
    approvalMode: 'within-budget',
    ...more,
  });
}

export async function startRun(stack: Stack, spec: RunSpec | undefined, rerunOf = ''): Promise<string> {
  const { coordinator } = stack;
  return (await callUnary(coordinator, coordinator.startRun, { spec, rerunOf })).runId;
}

/** Follows a run to its end and returns it. */
export async function finishRun(
  stack: Stack,
  runId: string,
  onEvent: (event: RunEvent) => void = () => undefined,
): Promise<Run> {
  const { coordinator } = stack;
  const request = { runId, afterSequence: 0n };
  for await (const { event } of callServerStream(coordinator, coordinator.watchRun, request)) {
    if (event) onEvent(event);
    if (event?.event?.$case === 'runState' && OVER.has(event.event.value.state)) break;
  }
  return (await callUnary(coordinator, coordinator.getRun, { runId })).run!;
}

export async function runResults(stack: Stack, runId: string): Promise<GetResultsResponse[]> {
  const results: GetResultsResponse[] = [];
  const { coordinator } = stack;
  for await (const result of callServerStream(coordinator, coordinator.getResults, { runId })) {
    results.push(result);
  }
  return results;
}

/** The Parquet file of SHAP values by row. */
export async function runExplanation(
  stack: Stack,
  runId: string,
  task: { pair: string; horizon: number },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const { coordinator } = stack;
  for await (const part of callServerStream(coordinator, coordinator.getExplanation, { runId, ...task })) {
    chunks.push(part.chunk);
  }
  return Buffer.concat(chunks);
}

export async function runLedger(stack: Stack, runId: string): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  const { coordinator } = stack;
  const request = { runId, pair: '', horizon: 0 };
  for await (const chunk of callServerStream(coordinator, coordinator.getLedger, request)) {
    rows.push(...chunk.rows);
  }
  return rows;
}
