import {
  AttemptOutcome,
  type AttemptStatus,
  PairState,
  type PairStatus,
  Run,
  RunState,
  TaskState,
  type TaskStatus,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import { identityOf } from '@onescan/process/telemetry/span-ids.js';
import type { AttemptRecord } from '../model/attempt-record.js';
import {
  type PairRecord,
  type RunRecord,
  type RunSnapshot,
  type TaskRecord,
  timestamp,
} from '../model/run-record.js';
import type { RunState as RunStateName } from '../states/run-state.js';
import { attemptIdentity } from './attempt-span.js';
import { pilotReport, type RestTerms } from './pilot-report.js';
import { runEvidence } from './run-evidence.js';

/** What is known of a task only while it runs; lost in a restart without harm. */
export interface LiveTask {
  stage: string;
  fraction: number;
}

/** A run as the API shows it. */
export function runView(
  snapshot: RunSnapshot,
  live: RestTerms & {
    tasks: ReadonlyMap<string, LiveTask>;
    traces?: string | undefined;
    /** Of a run that has not ended. */
    scorings?: ReadonlyMap<string, number>;
  },
): Run {
  const { run } = snapshot;
  const pairs = [...snapshot.pairs.values()];
  const traces = live.traces ?? '';
  return Run.create({
    runId: run.runId,
    state: runStateToProto(run.state),
    spec: run.spec,
    plan: run.plan,
    rerunOf: run.rerunOf,
    createdAt: timestamp(run.createdMs),
    endedAt: run.endedMs === undefined ? undefined : timestamp(run.endedMs),
    pairs: pairs.map(pairStatus),
    tasks: [...snapshot.tasks].map(([key, task]) => ({
      ...taskStatus(task, live.tasks.get(key)),
      attempts: task.attempts.map((attempt) => attemptStatus({ run, task, traces }, attempt)),
    })),
    statementsRun: pairs.reduce((sum, pair) => sum + pair.statementsRun, 0),
    bytesBilled: pairs.reduce((sum, pair) => sum + pair.bytesBilled, 0n),
    usdBilled: pairs.reduce((sum, pair) => sum + pair.usd, 0),
    workersConnected: live.workersConnected,
    workersUsed: run.workersUsed,
    problems: run.problems.map(reasonText),
    problemReasons: [...run.problems],
    approvedBy: run.approvedBy,
    reportPath: run.reportPath,
    ledgerRows: BigInt(run.ledgerRows),
    resultsSha256: run.resultsSha256,
    evidence: run.evidence ?? (snapshot.tasks.size > 0 ? runEvidence(snapshot, live.scorings) : undefined),
    traceId: run.traceparent.split('-')[1] ?? '',
    traceUrl: traceUrl(traces, run),
    planErrorCode: run.planErrorCode,
    approvals: [...run.approvals],
    pilot: run.spec.pilotPair === '' || pairs.length === 0 ? undefined : pilotReport(snapshot, live),
    tags: { name: run.name, labels: { ...run.labels } },
    tasksDone: [...snapshot.tasks.values()].filter(({ state }) => state === 'DONE').length,
    tasksTotal: snapshot.tasks.size,
  });
}

export function pairStatus(pair: PairRecord): PairStatus {
  return {
    pair: pair.pair,
    state: PairState[`PAIR_STATE_${pair.state}`],
    dataset: pair.dataset,
    error: pair.error,
    fetchSeconds: pair.fetchSeconds,
    jobs: [...pair.jobs],
  };
}

export function taskStatus(task: TaskRecord, live?: LiveTask): TaskStatus {
  return {
    pair: task.pair,
    horizon: task.horizon,
    state: TaskState[`TASK_STATE_${task.state}`],
    attempt: task.attempt,
    trainerId: task.trainerId,
    stage: task.state === 'LEASED' ? (live?.stage ?? '') : '',
    fraction: task.state === 'DONE' ? 1 : task.state === 'LEASED' ? (live?.fraction ?? 0) : 0,
    error: task.error,
    summary: task.summary,
    stats: task.stats,
    attempts: [],
  };
}

/** The page of a run's trace in a Jaeger; empty where there is none. */
export function traceUrl(jaeger: string, { traceparent }: Pick<RunRecord, 'traceparent'>): string {
  const traceId = identityOf(traceparent)?.traceId;
  return jaeger === '' || traceId === undefined ? '' : `${jaeger.replace(/\/$/, '')}/trace/${traceId}`;
}

/** The same with the span of an attempt found. */
export function attemptTraceUrl(
  jaeger: string,
  run: Pick<RunRecord, 'traceparent'>,
  attempt: { readonly pair: string; readonly horizon: number; readonly attempt: number },
): string {
  const page = traceUrl(jaeger, run);
  const spanId = attemptIdentity(run.traceparent, attempt)?.spanId ?? '';
  return page === '' ? '' : `${page}?uiFind=${spanId}`;
}

function attemptStatus(
  { run, task, traces }: { run: RunRecord; task: TaskRecord; traces: string },
  record: AttemptRecord,
): AttemptStatus {
  const { outcome, startedMs, endedMs, ...same } = record;
  const spanId = attemptIdentity(run.traceparent, { ...task, attempt: record.attempt })?.spanId ?? '';
  return {
    ...same,
    outcome: AttemptOutcome[`ATTEMPT_OUTCOME_${outcome || 'UNSPECIFIED'}`],
    startedAt: timestamp(startedMs),
    endedAt: endedMs === undefined ? undefined : timestamp(endedMs),
    spanId,
    traceUrl: attemptTraceUrl(traces, run, { ...task, attempt: record.attempt }),
  };
}

export function runStateToProto(state: RunStateName): RunState {
  return RunState[`RUN_STATE_${state}`];
}
