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
  Run,
  WatchRunRequest,
  WatchRunResponse,
} from '@onescan/shared/generated/onescan/v1/coordinator.js';
import { TaskFileKind } from '@onescan/shared/generated/onescan/v1/result.js';
import { callerOf } from '@onescan/shared/grpc/caller.js';
import { serverStream, unary } from '@onescan/shared/grpc/handlers.js';
import { linkSignals } from '@onescan/shared/linked-signal.js';
import { openNoLink } from '@onescan/shared/no-links.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { Coordinator } from '../coordinator.js';
import { type RunSnapshot, type TaskRecord, taskKey } from '../model/run-record.js';
import { runView, timestamp } from '../runs/run-view.js';
import { REPORT_FILE, runFolder } from '../store/run-folder.js';
import type { StoredKind } from '../store/task-files.js';

/** Ledger rows a message. */
const LEDGER_BATCH = 1_000;

/** Bytes of a file a message. */
const FILE_CHUNK_BYTES = 256 * 1024;

/** The coordinator's API for users. */
export function coordinatorService(coordinator: Coordinator): CoordinatorServiceServer {
  const { commands, core } = coordinator;
  const view = (snapshot: RunSnapshot): Run =>
    runView(snapshot, {
      workersConnected: core.registry.connected().length,
      fetchesAtOnce: core.options.fetchAhead,
      tasks: core.progress.tasks(snapshot.run.runId),
    });
  return {
    planRun: unary(({ spec }, _call, signal) => commands.plan(spec, signal)),
    startRun: unary(async (request) => ({ runId: await commands.start(request) })),
    approveRun: unary(async ({ runId, planHash, approvedBy, automatic, requestId = '' }, call) => {
      const who = approverOf(callerOf(call), approvedBy);
      const given = { planHash, approvedBy: who, automatic, requestId };
      return { run: view(await commands.approve(runId, given)) };
    }),
    getRun: unary(async ({ runId }) => {
      const snapshot = await core.book.get(runId);
      coordinator.bills.lookAt(snapshot);
      return { run: view(snapshot) };
    }),
    listRuns: unary((request) => coordinator.history.list(request)),
    deleteRun: unary(async ({ runId }) => {
      await coordinator.history.delete(runId);
      return {};
    }),
    watchRun: serverStream((request, _call, signal) => watch(coordinator, request, signal)),
    cancelRun: unary(async ({ runId, pair, reason }) => ({
      run: view(await commands.cancel(runId, pair, reason)),
    })),
    resumeRun: unary(async ({ runId }) => ({ run: view(await commands.resume(runId)) })),
    getLedger: serverStream((request, _call, signal) => ledger(coordinator, request, signal)),
    getResults: serverStream(({ runId }, _call, signal) => results(coordinator, runId, signal)),
    getReport: serverStream(({ runId }) => report(coordinator, runId)),
    getExplanation: serverStream((request) =>
      taskFile(coordinator, request, TaskFileKind.TASK_FILE_KIND_EXPLANATION),
    ),
    getModels: serverStream((request) => taskFile(coordinator, request, TaskFileKind.TASK_FILE_KIND_MODELS)),
    backUpState: unary(async () => {
      const { path, time, bytes } = await coordinator.backups.run();
      return { path, time: timestamp(Date.parse(time)), bytes: BigInt(bytes) };
    }),
    listTrainers: unary(async () => ({
      trainers: core.registry.connected().map((trainer) => core.registry.status(trainer)),
      maxWorkers: core.options.maxWorkers,
    })),
  };
}

/** Who approves: whom the server knows to have called, and what that caller says where it says something else. */
function approverOf(caller: string, said: string): string {
  if (caller === '' || said === caller || said.startsWith(`${caller} `)) return said;
  return said === '' ? caller : `${caller}, as "${said}"`;
}

async function* watch(
  { core }: Coordinator,
  { runId, afterSequence }: WatchRunRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchRunResponse> {
  const over = linkSignals(signal, core.stopping);
  try {
    for await (const event of core.book.watch(runId, afterSequence, over.signal)) yield { event };
  } finally {
    over.release();
  }
  if (core.stopping.aborted) {
    throw new OnescanError('UNAVAILABLE', 'the coordinator is shutting down', {
      remedy: 'Watch again after the last sequence number when it is back',
    });
  }
}

async function* ledger(
  { core }: Coordinator,
  { runId, pair, horizon }: GetLedgerRequest,
  signal: AbortSignal,
): AsyncGenerator<GetLedgerResponse> {
  const { tasks } = await core.book.get(runId);
  const wanted = [...tasks.values()].filter(
    (task) => (pair === '' || task.pair === pair) && (horizon === 0 || task.horizon === horizon),
  );
  if (wanted.length === 0 && tasks.size > 0) {
    throw new OnescanError('NOT_FOUND', `run ${runId} has no task ${pair || 'of any pair'} h${horizon}`);
  }
  for (const task of wanted.filter(isDone)) {
    const rows = await core.book.store.readTaskLedger(task);
    for (let start = 0; start < rows.length && !signal.aborted; start += LEDGER_BATCH) {
      yield { rows: rows.slice(start, start + LEDGER_BATCH) };
    }
  }
}

async function* results(
  { core }: Coordinator,
  runId: string,
  signal: AbortSignal,
): AsyncGenerator<GetResultsResponse> {
  const { tasks } = await core.book.get(runId);
  for (const { pair, horizon } of [...tasks.values()].filter(isDone)) {
    if (signal.aborted) return;
    const result = await core.book.store.readResult(runId, pair, horizon);
    if (!result) throw new OnescanError('DATA_LOSS', `the result of ${pair} h${horizon} is missing`);
    const { document, documentSha256 } = result;
    yield { pair, horizon, document: Buffer.from(document), documentSha256 };
  }
}

async function* report({ core }: Coordinator, runId: string): AsyncGenerator<GetReportResponse> {
  const { run } = await core.book.get(runId);
  if (run.reportPath === '') {
    throw new OnescanError('FAILED_PRECONDITION', `run ${runId} is ${run.state} and has no report`, {
      remedy: 'The report is written when a run has ended',
    });
  }
  // Not the path that is stored: a state file that was brought back may be anybody's.
  yield* fileChunks(join(runFolder(core.options.stateDir, run.runId), REPORT_FILE));
}

/** A file that a task handed over: what it is called, and how to get it. */
const TASK_FILES: Readonly<Record<StoredKind, { name: string; setting: string }>> = {
  [TaskFileKind.TASK_FILE_KIND_EXPLANATION]: { name: 'SHAP values by row', setting: 'explain.export' },
  [TaskFileKind.TASK_FILE_KIND_MODELS]: { name: 'models', setting: 'models.export' },
};

async function* taskFile(
  { core }: Coordinator,
  { runId, pair, horizon }: GetExplanationRequest | GetModelsRequest,
  kind: StoredKind,
): AsyncGenerator<{ chunk: Buffer }> {
  const { tasks } = await core.book.get(runId);
  const task = tasks.get(taskKey(pair, horizon));
  if (!task) throw new OnescanError('NOT_FOUND', `run ${runId} has no task ${pair} h${horizon}`);
  const path = core.taskFiles.pathOf(task, kind);
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
