import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type {
  CoordinatorServiceServer,
  GetExplanationRequest,
  GetLedgerRequest,
  GetLedgerResponse,
  GetModelsRequest,
  GetReportResponse,
  GetResultsResponse,
  GetTraceResponse,
  Run,
  StartRunRequest,
  WatchRunRequest,
  WatchRunResponse,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import { ApprovalMode } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { ledgerText } from '@onescan/contract/reasons/ledger-text.js';
import { openNoLink } from '@onescan/dataset/no-links.js';
import type { AuditLog } from '@onescan/process/audit/audit-log.js';
import { callerOf, hasRole, proofOf } from '@onescan/process/grpc/caller.js';
import { serverStream, unary } from '@onescan/process/grpc/handlers.js';
import { linkSignals } from '@onescan/process/linked-signal.js';
import type { RunCommands } from '../commands/run-commands.js';
import type { LateBills } from '../fetching/late-bills.js';
import type { RunHistory } from '../history/run-history.js';
import type { TrainerRegistry } from '../hub/trainer-registry.js';
import { type RunSnapshot, type TaskRecord, taskKey, timestamp } from '../model/run-record.js';
import type { KeptSpans } from '../runs/kept-spans.js';
import type { RestTerms } from '../runs/pilot-report.js';
import type { ProgressBuffer } from '../runs/progress-buffer.js';
import type { RunBook } from '../runs/run-book.js';
import { runView } from '../runs/run-view.js';
import type { Work } from '../runs/work.js';
import type { PageSessions } from '../sessions/page-sessions.js';
import type { BackupSchedule } from '../store/backup-schedule.js';
import { REPORT_FILE, runFolder } from '../store/run-folder.js';
import type { StoredKind, TaskFiles } from '../store/task-files.js';

/** Ledger rows a message. */
const LEDGER_BATCH = 1_000;

/** Bytes of a file a message. */
const FILE_CHUNK_BYTES = 256 * 1024;

/** What the API shows and sets off. */
export interface ServiceParts {
  readonly commands: RunCommands;
  readonly history: RunHistory;
  readonly bills: LateBills;
  readonly backups: BackupSchedule;
  readonly work: Pick<Work, 'stopping'>;
  readonly book: RunBook;
  readonly registry: TrainerRegistry;
  readonly progress: ProgressBuffer;
  readonly taskFiles: TaskFiles;
  readonly keptSpans: KeptSpans;
  readonly audit: AuditLog;
  readonly sessions: PageSessions;
  readonly options: {
    readonly stateDir: string;
    readonly maxWorkers: number;
    readonly pageTraces?: string | undefined;
  };
  readonly restTerms: () => RestTerms;
}

/** The coordinator's API for users. */
export function coordinatorService(parts: ServiceParts): CoordinatorServiceServer {
  const { commands, history, book, registry } = parts;
  const view = (snapshot: RunSnapshot): Run =>
    runView(snapshot, {
      ...parts.restTerms(),
      tasks: parts.progress.tasks(snapshot.run.runId),
      traces: parts.options.pageTraces,
      scorings: book.scorings(snapshot.run.runId),
    });
  return {
    planRun: unary(({ spec }, _call, signal) => commands.plan(spec, signal)),
    startRun: unary(async (request, call) => {
      requireApproverOf(request, call);
      return { runId: await commands.start(request) };
    }),
    approveRun: unary(async ({ runId, planHash, approvedBy, automatic, requestId = '' }, call) => {
      const who = approverOf(callerOf(call), approvedBy);
      const given = { planHash, approvedBy: who, automatic, requestId };
      return { run: view(await commands.approve(runId, given)) };
    }),
    getRun: unary(async ({ runId }) => {
      const snapshot = await book.get(runId);
      parts.bills.lookAt(snapshot);
      return { run: view(snapshot) };
    }),
    listRuns: unary((request) => history.list(request)),
    deleteRun: unary(async ({ runId }) => {
      await history.delete(runId);
      return {};
    }),
    watchRun: serverStream((request, _call, signal) => watch(parts, request, signal)),
    cancelRun: unary(async ({ runId, pair, reason }) => ({
      run: view(await commands.cancel(runId, pair, reason)),
    })),
    resumeRun: unary(async ({ runId }) => ({ run: view(await commands.resume(runId)) })),
    getLedger: serverStream((request, _call, signal) => ledger(parts, request, signal)),
    getResults: serverStream(({ runId }, _call, signal) => results(parts, runId, signal)),
    getReport: serverStream(({ runId }) => report(parts, runId)),
    getTrace: serverStream(({ runId }) => trace(parts, runId)),
    getExplanation: serverStream((request) =>
      taskFile(parts, request, TaskFileKind.TASK_FILE_KIND_EXPLANATION),
    ),
    getModels: serverStream((request) => taskFile(parts, request, TaskFileKind.TASK_FILE_KIND_MODELS)),
    backUpState: unary(async () => {
      const { path, time, bytes } = await parts.backups.run();
      return { path, time: timestamp(Date.parse(time)), bytes: BigInt(bytes) };
    }),
    listTrainers: unary(async () => ({
      trainers: registry.connected().map((trainer) => registry.status(trainer)),
      maxWorkers: parts.options.maxWorkers,
    })),
    openPage: unary(async (_request, call) => {
      const { url, expiresMs } = parts.sessions.openLink(proofOf(call));
      return { url, expiresAt: timestamp(expiresMs) };
    }),
  };
}

/**
 * A run whose budget approves its plan by itself spends without another call.
 *
 * @throws OnescanError PERMISSION_DENIED when who starts one may not approve
 */
function requireApproverOf({ spec, rerunOf }: StartRunRequest, call: Parameters<typeof hasRole>[0]): void {
  if (rerunOf !== '' || spec?.approvalMode !== ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET) return;
  if (hasRole(call, 'approver')) return;
  const who = callerOf(call) || 'the caller';
  throw new OnescanError('PERMISSION_DENIED', `${who} may not start a run that its budget approves`, {
    remedy: 'Start it with approval_mode MANUAL, and have an approver approve the plan',
    details: { field: 'spec.approval_mode' },
  });
}

/** Who approves: whom the server knows to have called, and what that caller says where it says something else. */
function approverOf(caller: string, said: string): string {
  if (caller === '' || said === caller || said.startsWith(`${caller} `)) return said;
  return said === '' ? caller : `${caller}, as "${said}"`;
}

async function* watch(
  { book, work }: ServiceParts,
  { runId, afterSequence }: WatchRunRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchRunResponse> {
  const over = linkSignals(signal, work.stopping);
  try {
    for await (const event of book.watch(runId, afterSequence, over.signal)) yield { event };
  } finally {
    over.release();
  }
  if (work.stopping.aborted) {
    throw new OnescanError('UNAVAILABLE', 'the coordinator is shutting down', {
      remedy: 'Watch again after the last sequence number when it is back',
    });
  }
}

async function* ledger(
  { book }: ServiceParts,
  { runId, pair, horizon }: GetLedgerRequest,
  signal: AbortSignal,
): AsyncGenerator<GetLedgerResponse> {
  const { tasks } = await book.get(runId);
  const wanted = [...tasks.values()].filter(
    (task) => (pair === '' || task.pair === pair) && (horizon === 0 || task.horizon === horizon),
  );
  if (wanted.length === 0 && tasks.size > 0) {
    throw new OnescanError('NOT_FOUND', `run ${runId} has no task ${pair || 'of any pair'} h${horizon}`);
  }
  for (const task of wanted.filter(isDone)) {
    const rows = await book.store.readTaskLedger(task);
    for (let start = 0; start < rows.length && !signal.aborted; start += LEDGER_BATCH) {
      const batch = rows.slice(start, start + LEDGER_BATCH);
      yield { rows: batch.map((row) => ({ ...row, reason: ledgerText(row) })) };
    }
  }
}

async function* results(
  { book }: ServiceParts,
  runId: string,
  signal: AbortSignal,
): AsyncGenerator<GetResultsResponse> {
  const { tasks } = await book.get(runId);
  for (const { pair, horizon } of [...tasks.values()].filter(isDone)) {
    if (signal.aborted) return;
    const result = await book.store.readResult(runId, pair, horizon);
    if (!result) throw new OnescanError('DATA_LOSS', `the result of ${pair} h${horizon} is missing`);
    const { document, documentSha256 } = result;
    yield { pair, horizon, document: Buffer.from(document), documentSha256 };
  }
}

async function* report({ book, options }: ServiceParts, runId: string): AsyncGenerator<GetReportResponse> {
  const { run } = await book.get(runId);
  if (run.reportPath === '') {
    throw new OnescanError('FAILED_PRECONDITION', `run ${runId} is ${run.state} and has no report`, {
      remedy: 'The report is written when a run has ended',
    });
  }
  // Not the path that is stored: a state file that was brought back may be anybody's.
  yield* fileChunks(join(runFolder(options.stateDir, run.runId), REPORT_FILE));
}

async function* trace({ book, keptSpans }: ServiceParts, runId: string): AsyncGenerator<GetTraceResponse> {
  const { run } = await book.get(runId);
  for (const chunk of keptSpans.read(run.runId)) yield { chunk };
}

/** A file that a task handed over: what it is called, and how to get it. */
const TASK_FILES: Readonly<Record<StoredKind, { name: string; setting: string }>> = {
  [TaskFileKind.TASK_FILE_KIND_EXPLANATION]: { name: 'SHAP values by row', setting: 'explain.export' },
  [TaskFileKind.TASK_FILE_KIND_MODELS]: { name: 'models', setting: 'models.export' },
};

async function* taskFile(
  { book, taskFiles }: ServiceParts,
  { runId, pair, horizon }: GetExplanationRequest | GetModelsRequest,
  kind: StoredKind,
): AsyncGenerator<{ chunk: Buffer }> {
  const { tasks } = await book.get(runId);
  const task = tasks.get(taskKey(pair, horizon));
  if (!task) throw new OnescanError('NOT_FOUND', `run ${runId} has no task ${pair} h${horizon}`);
  const path = taskFiles.pathOf(task, kind);
  if (!isDone(task) || !existsSync(path)) {
    const { name, setting } = TASK_FILES[kind];
    const retained = task.summary?.featuresRetained === 0 ? ' and retained no feature' : '';
    throw new OnescanError('NOT_FOUND', `${pair} h${horizon} (${task.state}${retained}) has no ${name}`, {
      remedy: `They are kept when ${setting}=yes is set and a feature was retained: onescan rerun RUN --set ${setting}=yes`,
    });
  }
  yield* fileChunks(path);
}

async function* fileChunks(path: string): AsyncGenerator<{ chunk: Buffer }> {
  const handle = await openNoLink(path);
  const file = handle.createReadStream({ highWaterMark: FILE_CHUNK_BYTES });
  for await (const chunk of file) yield { chunk: chunk as Buffer };
}

function isDone(task: TaskRecord): boolean {
  return task.state === 'DONE';
}
