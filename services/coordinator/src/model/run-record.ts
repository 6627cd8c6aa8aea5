import { randomUUID } from 'node:crypto';
import type { Timestamp } from '@onescan/contract/generated/google/protobuf/timestamp.js';
import type { Approval, RunEvidence } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { DatasetRef, QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { HorizonSummary, TaskStats } from '@onescan/contract/generated/onescan/v1/result.js';
import type { ErrorCode } from '@onescan/contract/onescan-error.js';
import type { RunProblem } from '@onescan/contract/reasons/reason.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import type { PairState } from '../states/pair-state.js';
import type { RunState } from '../states/run-state.js';
import type { TaskState } from '../states/task-state.js';
import type { AttemptRecord } from './attempt-record.js';

/** What the coordinator knows of a run itself. Records are never changed in place. */
export interface RunRecord {
  readonly runId: string;
  readonly createdMs: number;
  readonly endedMs: number | undefined;
  readonly state: RunState;
  readonly rerunOf: string;
  readonly spec: ResolvedRunSpec;
  readonly plan: Plan | undefined;
  readonly approvedBy: string;
  /** False while a pilot pair runs alone or its approval is outstanding. */
  readonly pilotApproved: boolean;
  readonly problems: readonly RunProblem[];
  /** Of the root span; empty when tracing is off. */
  readonly traceparent: string;
  readonly workersUsed: number;
  readonly reportPath: string;
  readonly ledgerRows: number;
  readonly resultsSha256: string;
  /** All its tests taken together, since it ended. */
  readonly evidence: RunEvidence | undefined;
  /** Why planning failed; empty when it did not. */
  readonly planErrorCode: ErrorCode | '';
  /** Oldest first. */
  readonly approvals: readonly Approval[];
  /** For people, and to find runs by. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the request that started it, and the hash of that; empty when it had none. */
  readonly requestId: string;
  readonly requestSha256: string;
}

export interface PairRecord {
  readonly runId: string;
  /** Position in the plan. */
  readonly ordinal: number;
  readonly pair: string;
  readonly state: PairState;
  readonly dataset: DatasetRef | undefined;
  readonly error: string;
  readonly fetchSeconds: number;
  /** Statements really run for this run and pair, and what they cost. */
  readonly statementsRun: number;
  readonly bytesBilled: bigint;
  readonly usd: number;
  /** The statements themselves, oldest first. */
  readonly jobs: readonly QueryJob[];
  /** When a trainer first got a task of it, since the run was started or resumed. */
  readonly trainStartedMs: number | undefined;
}

export interface TaskRecord {
  readonly runId: string;
  /** Position in the plan: pairs in order, horizons in order within. */
  readonly ordinal: number;
  readonly pair: string;
  readonly horizon: number;
  readonly state: TaskState;
  readonly attempt: number;
  /** Attempts that crashed or lost their trainer, and that ran out of memory. */
  readonly crashes: number;
  readonly outOfMemory: number;
  readonly trainerId: string;
  /** Process that has, or had, the lease. */
  readonly trainerInstance: string;
  readonly error: string;
  /** Empty until the dataset is known. */
  readonly specHash: string;
  /** The latest, oldest first. */
  readonly attempts: readonly AttemptRecord[];
  readonly summary: HorizonSummary | undefined;
  readonly stats: TaskStats | undefined;
}

/** A run with its pairs and tasks in plan order, as of one moment. */
export interface RunSnapshot {
  readonly run: RunRecord;
  readonly pairs: ReadonlyMap<string, PairRecord>;
  readonly tasks: ReadonlyMap<string, TaskRecord>;
}

/** When a run that ends now has ended: not before it began, whatever the clock was set to meanwhile. */
export function endOf({ createdMs }: RunRecord, nowMs: number): number {
  return Math.max(createdMs, nowMs);
}

/** Milliseconds since the epoch as a protobuf timestamp. */
export function timestamp(ms: number): Timestamp {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}

/** Key of a task within its run. */
export function taskKey(pair: string, horizon: number): string {
  return `${pair}/${horizon}`;
}

/** A run as it begins: nothing planned, approved or done. */
export function blankRun(
  facts: Pick<RunRecord, 'runId' | 'spec' | 'rerunOf' | 'traceparent' | 'createdMs'> & Partial<RunRecord>,
): RunRecord {
  return {
    name: '',
    labels: {},
    requestId: '',
    requestSha256: '',
    ...facts,
    endedMs: undefined,
    state: 'PLANNING',
    plan: undefined,
    approvedBy: '',
    pilotApproved: false,
    problems: [],
    workersUsed: 0,
    reportPath: '',
    ledgerRows: 0,
    resultsSha256: '',
    evidence: undefined,
    planErrorCode: '',
    approvals: [],
  };
}

/** The pairs and tasks of a freshly planned run. */
export function blankPairsAndTasks(
  runId: string,
  spec: ResolvedRunSpec,
): { pairs: PairRecord[]; tasks: TaskRecord[] } {
  const pairs = spec.pairs.map((pair, ordinal) => blankPair(runId, pair, ordinal));
  const names = spec.pairs.flatMap((pair) => spec.horizons.map((horizon) => ({ pair, horizon })));
  const tasks = names.map((name, ordinal) => blankTask(runId, name, ordinal));
  return { pairs, tasks };
}

function blankPair(runId: string, pair: string, ordinal: number): PairRecord {
  return {
    runId,
    ordinal,
    pair,
    state: 'PENDING',
    dataset: undefined,
    error: '',
    fetchSeconds: 0,
    statementsRun: 0,
    bytesBilled: 0n,
    usd: 0,
    jobs: [],
    trainStartedMs: undefined,
  };
}

function blankTask(runId: string, name: { pair: string; horizon: number }, ordinal: number): TaskRecord {
  return {
    runId,
    ordinal,
    ...name,
    state: 'BLOCKED',
    attempt: 1,
    crashes: 0,
    outOfMemory: 0,
    trainerId: '',
    trainerInstance: '',
    error: '',
    specHash: '',
    attempts: [],
    summary: undefined,
    stats: undefined,
  };
}

/** "20261122-171500-3f2a9c1d": sorts by time, and is safe in file names. */
export function newRunId(nowMs: number): string {
  const stamp = new Date(nowMs)
    .toISOString()
    .replace(/[-:]|\..*/g, '')
    .replace('T', '-');
  return `${stamp}-${randomUUID().slice(0, 8)}`;
}
