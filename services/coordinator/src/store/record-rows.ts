import type { DuckDBValue } from '@duckdb/node-api';
import { Approval, RunEvidence } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { DatasetRef, QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { Reason } from '@onescan/contract/generated/onescan/v1/reason.js';
import { HorizonSummary, TaskStats } from '@onescan/contract/generated/onescan/v1/result.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { asRunProblem, type RunProblem, readReason } from '@onescan/contract/reasons/reason.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import type { AttemptRecord } from '../model/attempt-record.js';
import type { PairRecord, RunRecord, TaskRecord } from '../model/run-record.js';
import { PAIR_TRANSITIONS } from '../states/pair-state.js';
import { RUN_TRANSITIONS } from '../states/run-state.js';
import { TASK_TRANSITIONS } from '../states/task-state.js';
import type { Transitions } from '../states/transition.js';

/** A table row by column name. */
export type Row = Record<string, DuckDBValue>;

/** Column values of a run, in the names of the schema. */
export function runRow(run: RunRecord): Row {
  return {
    run_id: run.runId,
    created_ms: BigInt(run.createdMs),
    ended_ms: run.endedMs === undefined ? null : BigInt(run.endedMs),
    state: run.state,
    rerun_of: run.rerunOf,
    spec: json(RunSpec.toJSON(run.spec)),
    plan: run.plan ? json(Plan.toJSON(run.plan)) : null,
    plan_brief: run.plan ? json(Plan.toJSON(briefPlan(run.plan))) : null,
    approved_by: run.approvedBy,
    pilot_approved: run.pilotApproved,
    problems: json(run.problems),
    traceparent: run.traceparent,
    workers_used: run.workersUsed,
    report_path: run.reportPath,
    ledger_rows: BigInt(run.ledgerRows),
    results_sha256: run.resultsSha256,
    evidence: run.evidence ? json(RunEvidence.toJSON(run.evidence)) : null,
    plan_error_code: run.planErrorCode,
    approvals: json(run.approvals.map((approval) => Approval.toJSON(approval))),
    name: run.name,
    labels: json(run.labels),
    request_id: run.requestId,
    request_sha256: run.requestSha256,
  };
}

export function runFromRow(row: Row): RunRecord {
  return {
    runId: text(row.run_id),
    createdMs: Number(row.created_ms),
    endedMs: row.ended_ms == null ? undefined : Number(row.ended_ms),
    state: oneOf(RUN_TRANSITIONS, row.state),
    rerunOf: text(row.rerun_of),
    spec: resolveRunSpec(RunSpec.fromJSON(JSON.parse(text(row.spec)))),
    plan: row.plan == null ? undefined : Plan.fromJSON(JSON.parse(text(row.plan))),
    approvedBy: text(row.approved_by),
    pilotApproved: row.pilot_approved === true,
    problems: (JSON.parse(text(row.problems)) as unknown[]).map(readProblem),
    traceparent: text(row.traceparent),
    workersUsed: Number(row.workers_used),
    reportPath: text(row.report_path),
    ledgerRows: Number(row.ledger_rows),
    resultsSha256: text(row.results_sha256),
    evidence: row.evidence == null ? undefined : RunEvidence.fromJSON(JSON.parse(text(row.evidence))),
    planErrorCode: text(row.plan_error_code) as RunRecord['planErrorCode'],
    approvals: list(row.approvals).map((approval) => Approval.fromJSON(approval)),
    name: text(row.name),
    labels: JSON.parse(text(row.labels)) as Record<string, string>,
    requestId: text(row.request_id),
    requestSha256: text(row.request_sha256),
  };
}

export function pairRow(pair: PairRecord): Row {
  return {
    run_id: pair.runId,
    pair: pair.pair,
    ordinal: pair.ordinal,
    state: pair.state,
    dataset: pair.dataset ? json(DatasetRef.toJSON(pair.dataset)) : null,
    error: pair.error,
    fetch_seconds: pair.fetchSeconds,
    statements_run: pair.statementsRun,
    bytes_billed: pair.bytesBilled,
    usd: pair.usd,
    jobs: json(pair.jobs.map((job) => QueryJob.toJSON(job))),
    train_started_ms: pair.trainStartedMs === undefined ? null : BigInt(pair.trainStartedMs),
  };
}

export function pairFromRow(row: Row): PairRecord {
  return {
    runId: text(row.run_id),
    ordinal: Number(row.ordinal),
    pair: text(row.pair),
    state: oneOf(PAIR_TRANSITIONS, row.state),
    dataset: row.dataset == null ? undefined : DatasetRef.fromJSON(JSON.parse(text(row.dataset))),
    error: text(row.error),
    fetchSeconds: Number(row.fetch_seconds),
    statementsRun: Number(row.statements_run),
    bytesBilled: BigInt(String(row.bytes_billed)),
    usd: Number(row.usd),
    jobs: list(row.jobs).map((job) => QueryJob.fromJSON(job)),
    trainStartedMs: row.train_started_ms == null ? undefined : Number(row.train_started_ms),
  };
}

export function taskRow(task: TaskRecord): Row {
  return {
    run_id: task.runId,
    pair: task.pair,
    horizon: task.horizon,
    ordinal: task.ordinal,
    state: task.state,
    attempt: task.attempt,
    crashes: task.crashes,
    out_of_memory: task.outOfMemory,
    trainer_id: task.trainerId,
    trainer_instance: task.trainerInstance,
    error: task.error,
    spec_hash: task.specHash,
    // Of older versions.
    failed_traceparent: '',
    attempts: json(
      task.attempts.map((attempt) => ({ ...attempt, peakRssBytes: String(attempt.peakRssBytes) })),
    ),
    summary: task.summary ? json(HorizonSummary.toJSON(task.summary)) : null,
    stats: task.stats ? json(TaskStats.toJSON(task.stats)) : null,
  };
}

export function taskFromRow(row: Row): TaskRecord {
  return {
    runId: text(row.run_id),
    ordinal: Number(row.ordinal),
    pair: text(row.pair),
    horizon: Number(row.horizon),
    state: oneOf(TASK_TRANSITIONS, row.state),
    attempt: Number(row.attempt),
    crashes: Number(row.crashes),
    outOfMemory: Number(row.out_of_memory),
    trainerId: text(row.trainer_id),
    trainerInstance: text(row.trainer_instance),
    error: text(row.error),
    specHash: text(row.spec_hash),
    attempts: list(row.attempts).map((attempt) => attemptOf(attempt as AttemptRecord)),
    summary: row.summary == null ? undefined : HorizonSummary.fromJSON(JSON.parse(text(row.summary))),
    stats: row.stats == null ? undefined : TaskStats.fromJSON(JSON.parse(text(row.stats))),
  };
}

function attemptOf({ peakRssBytes, endedMs, ...stored }: AttemptRecord): AttemptRecord {
  return { ...stored, endedMs, peakRssBytes: BigInt(peakRssBytes) };
}

/** A plan without what there can be much of. */
function briefPlan(plan: Plan): Plan {
  return { ...plan, pairs: [], catalogueChange: undefined };
}

function list(value: DuckDBValue | undefined): unknown[] {
  return JSON.parse(text(value)) as unknown[];
}

function json(value: unknown): string {
  return JSON.stringify(value);
}

/** A state by its name, which must be one of its machine. */
function oneOf<S extends string>(transitions: Transitions<S>, value: DuckDBValue | undefined): S {
  const name = text(value);
  if (Object.hasOwn(transitions, name)) return name as S;
  throw new OnescanError('DATA_LOSS', `the state file has a state "${name}" that does not exist`, {
    remedy: 'Restore the state folder from a copy',
  });
}

function text(value: DuckDBValue | undefined): string {
  if (typeof value !== 'string')
    throw new TypeError(`expected text in the state file, found ${String(value)}`);
  return value;
}

/** The bytes of a BLOB column. */
export function bytesOf(value: DuckDBValue | undefined): Uint8Array {
  if (typeof value === 'object' && value !== null && 'bytes' in value) return value.bytes as Uint8Array;
  throw new TypeError('expected bytes in the state file');
}

/** Runs from before there were codes have sentences. */
function readProblem(stored: unknown): RunProblem {
  if (typeof stored !== 'object' || stored === null)
    return asRunProblem(readReason(undefined, String(stored)));
  return asRunProblem(readReason(Reason.fromJSON(stored), JSON.stringify(stored)));
}
