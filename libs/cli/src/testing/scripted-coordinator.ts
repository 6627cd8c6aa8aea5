import { once } from 'node:events';
import {
  type CoordinatorServiceServer,
  CoordinatorServiceService,
  PairState,
  type Run,
  type RunEvent,
  RunState,
  TaskState,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { LedgerRow, LedgerStatus } from '@onescan/contract/generated/onescan/v1/result.js';
import type { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { serverStream, unary } from '@onescan/process/grpc/handlers.js';
import { type RunningServer, startServer } from '@onescan/process/grpc/start-server.js';
import { modelFile } from './sample-models.js';
import { sampleDataset, samplePlan, sampleRun, sampleTask } from './sample-run.js';
import { sampleTrace } from './sample-trace.js';

interface Script {
  /** How the run ends; default COMPLETED. */
  end?: RunState;
  /** Estimate of the plan. Default that of the sample. */
  usd?: number;
  /** Billed to the run before its plan was made. */
  alreadyBilledUsd?: number;
  /** Most that is approved without a person; default any amount. */
  autoApproveUsd?: number;
  /** Before this event a stream breaks once with UNAVAILABLE. */
  breakAfter?: number;
  /** First events that are kept no longer. */
  removed?: number;
  /** The run stays running until the server stops. */
  neverEnds?: boolean;
  /** Runs before r-1, in the order in which they were started. */
  earlierRuns?: number;
  /** News of a fetch comes after its end. */
  lateProgress?: boolean;
  /** Calls are never answered, streams never go on; `called` counts them. */
  stalls?: boolean;
  /** The file of models; default {@link modelFile}. */
  models?: readonly Buffer[];
}

/** A coordinator on a real socket with one run "r-1" that goes the way the script says. */
export interface ScriptedCoordinator {
  readonly address: string;
  readonly startedSpecs: (RunSpec | undefined)[];
  readonly rerunsOf: string[];
  readonly approvals: { planHash: string; approvedBy: string }[];
  readonly cancels: string[];
  readonly deleted: string[];
  /** Of the lists that were asked for. */
  readonly filters: string[];
  /** Calls of a coordinator that stalls. */
  readonly called: number;
  /** `after_sequence` of every WatchRun. */
  readonly watchedAfter: bigint[];
  stop(): Promise<void>;
}

const HTML = ['<html>', 'report', '</html>'];

export async function scriptedCoordinator(script: Script = {}): Promise<ScriptedCoordinator> {
  const coordinator = new Scripted(script);
  const server = await startServer({
    listen: '127.0.0.1:0',
    register: (grpc) => grpc.addService(CoordinatorServiceService, coordinator.handlers()),
    healthNames: ['onescan.v1.CoordinatorService'],
  });
  return coordinator.serveOn(server);
}

class Scripted {
  readonly startedSpecs: (RunSpec | undefined)[] = [];
  readonly rerunsOf: string[] = [];
  readonly approvals: { planHash: string; approvedBy: string }[] = [];
  readonly cancels: string[] = [];
  readonly deleted: string[] = [];
  /** Of the lists that were asked for. */
  readonly filters: string[] = [];
  called = 0;
  readonly watchedAfter: bigint[] = [];
  private readonly approved = new EventTarget();
  private readonly stopped = new AbortController();
  private broken = false;

  constructor(private readonly script: Script) {}

  serveOn(server: RunningServer): ScriptedCoordinator {
    return Object.assign(this, {
      address: server.address,
      stop: () => {
        this.stopped.abort();
        return server.shutdown(0);
      },
    });
  }

  handlers(): CoordinatorServiceServer {
    const handlers = this.answers();
    if (!this.script.stalls) return handlers;
    const stall = (): void => void this.called++;
    return Object.fromEntries(
      Object.keys(handlers).map((name) => [name, stall]),
    ) as unknown as CoordinatorServiceServer;
  }

  private answers(): CoordinatorServiceServer {
    return {
      planRun: unary(async ({ spec }) => ({ plan: this.plan(), spec })),
      startRun: unary(async ({ spec, rerunOf }) => {
        this.startedSpecs.push(spec);
        this.rerunsOf.push(rerunOf);
        return { runId: 'r-1' };
      }),
      approveRun: unary(async ({ planHash, approvedBy, automatic }) => {
        const { autoApproveUsd = Number.POSITIVE_INFINITY } = this.script;
        if (automatic && this.plan().usd > autoApproveUsd) {
          const details = { usd: this.plan().usd, budgetUsd: 50, autoApproveUsd };
          throw new OnescanError('RESOURCE_EXHAUSTED', 'over what needs no person', { details });
        }
        this.approvals.push({ planHash, approvedBy });
        this.approved.dispatchEvent(new Event('approved'));
        return { run: this.run() };
      }),
      getRun: unary(async ({ runId }) => ({ run: this.known(runId) })),
      listRuns: unary(async ({ pageSize = 50, pageToken = '', filter = '' }) => {
        this.filters.push(filter);
        const earlier = Array.from({ length: this.script.earlierRuns ?? 0 }, (_, i) =>
          sampleRun({ runId: `r-0.${i + 1}` }),
        );
        const all = [...earlier, this.run()].reverse();
        const end = Number(pageToken) + pageSize;
        const nextPageToken = end < all.length ? String(end) : '';
        return { runs: all.slice(Number(pageToken), end), nextPageToken, totalSize: all.length };
      }),
      deleteRun: unary(async ({ runId }) => {
        this.deleted.push(runId);
        return {};
      }),
      cancelRun: unary(async ({ runId }) => {
        this.cancels.push(runId);
        return { run: sampleRun({ state: RunState.RUN_STATE_CANCELLED }) };
      }),
      resumeRun: unary(async () => ({ run: this.run() })),
      watchRun: serverStream(({ runId, afterSequence }, _call, signal) =>
        this.watch(this.known(runId).runId, afterSequence, signal),
      ),
      getLedger: serverStream(async function* () {
        yield { rows: sampleLedger() };
      }),
      getResults: serverStream(async function* () {
        const document = Buffer.from('{"auc":0.5}');
        yield { pair: 'eurusd', horizon: 15, document, documentSha256: 'ff' };
        yield { pair: 'usdjpy', horizon: 15, document, documentSha256: 'ff' };
      }),
      getReport: serverStream(async function* () {
        for (const part of HTML) yield { chunk: Buffer.from(part) };
      }),
      getTrace: serverStream(async function* () {
        const trace = Buffer.from(JSON.stringify(sampleTrace()));
        yield { chunk: trace.subarray(0, 100) };
        yield { chunk: trace.subarray(100) };
      }),
      getExplanation: serverStream(async function* ({ pair, horizon }) {
        yield { chunk: Buffer.from('PAR1 ') };
        yield { chunk: Buffer.from(`${pair} ${horizon}`) };
      }),
      getModels: serverStream(({ pair, horizon }) =>
        chunksOf(this.script.models ?? modelFile(pair, horizon)),
      ),
      backUpState: unary(async () => ({
        path: 'state/backups/b.duckdb',
        time: undefined,
        bytes: 1_048_576n,
      })),
      openPage: unary(async () => ({
        url: 'http://127.0.0.1:7480/#ticket=a-ticket',
        expiresAt: { seconds: 1_796_040_600n, nanos: 0 },
      })),
      listTrainers: unary(async () => ({ trainers: [], maxWorkers: 8 })),
    };
  }

  private async *watch(runId: string, after: bigint, signal: AbortSignal) {
    this.watchedAfter.push(after);
    const events = this.events(runId);
    const { removed = 0 } = this.script;
    if (after < removed) {
      const details = { firstSequence: removed + 1 };
      throw new OnescanError('OUT_OF_RANGE', 'events have been removed', { details });
    }
    for (let i = Number(after); i < events.length; i++) {
      if (i === APPROVAL_INDEX + 1 && this.approvals.length === 0)
        await once(this.approved, 'approved', { signal });
      if (i === this.script.breakAfter && !this.broken) {
        this.broken = true;
        throw new OnescanError('UNAVAILABLE', 'restarting');
      }
      yield { event: events[i] };
    }
    if (this.script.neverEnds) await new Promise((_done, fail) => signal.addEventListener('abort', fail));
  }

  private plan() {
    const { usd = samplePlan().usd, alreadyBilledUsd = 0 } = this.script;
    return { ...samplePlan(), usd, alreadyBilledUsd };
  }

  private known(runId: string): Run {
    if (runId === 'r-1') return this.run();
    throw new OnescanError('NOT_FOUND', `there is no run ${runId}`, { remedy: 'onescan ls lists the runs' });
  }

  private run(): Run {
    const running = this.script.neverEnds ? RunState.RUN_STATE_RUNNING : this.end();
    const state = this.approvals.length === 0 ? RunState.RUN_STATE_AWAITING_APPROVAL : running;
    return sampleRun({ state, plan: this.plan() });
  }

  private end(): RunState {
    return this.script.end ?? RunState.RUN_STATE_COMPLETED;
  }

  private events(runId: string): RunEvent[] {
    const leased = sampleTask({ state: TaskState.TASK_STATE_LEASED, stage: 'select', fraction: 0.4 });
    const parts: RunEvent['event'][] = [
      state(RunState.RUN_STATE_PLANNING),
      { $case: 'plan', value: this.plan() },
      state(RunState.RUN_STATE_AWAITING_APPROVAL),
      state(RunState.RUN_STATE_RUNNING),
      {
        $case: 'pair',
        value: {
          pair: 'usdjpy',
          state: PairState.PAIR_STATE_FETCHED,
          dataset: sampleDataset({ pair: 'usdjpy', cached: true }),
          error: '',
          fetchSeconds: 0,
          jobs: [],
        },
      },
      ...(this.script.lateProgress ? [LATE_PROGRESS] : []),
      { $case: 'task', value: leased },
      { $case: 'task', value: sampleTask() },
    ];
    if (!this.script.neverEnds) parts.push(state(this.end()));
    return parts.map((event, i) => ({ runId, sequence: BigInt(i + 1), time: undefined, event }));
  }
}

const LATE_PROGRESS: RunEvent['event'] = {
  $case: 'fetchProgress',
  value: { pair: 'usdjpy', progress: { stage: 'verify', done: 53n, total: 100n, rssBytes: 0n } },
};

/** Position of the event after which the run waits for approval. */
const APPROVAL_INDEX = 2;

function state(value: RunState): RunEvent['event'] {
  return { $case: 'runState', value: { state: value, problems: [] } };
}

function sampleLedger(): LedgerRow[] {
  const row = { runId: 'r-1', pair: 'eurusd', horizon: 15, group: 'pair' };
  return [
    LedgerRow.fromPartial({
      ...row,
      featureId: 'agg_eurusd.mean_45',
      status: LedgerStatus.LEDGER_STATUS_RETAINED,
      stage: 'model',
      why: { code: 'stable', facts: { shares: { 'elastic-net': 0.9, curvature: 0.5 } } },
      selectionFrequency: 0.9,
      rank: 1,
    }),
    LedgerRow.fromPartial({
      ...row,
      featureId: 'tri_x.error_regime',
      status: LedgerStatus.LEDGER_STATUS_EXCLUDED,
      stage: 'plan',
      why: { code: 'not_a_number', facts: { type: 'STRING' } },
    }),
  ];
}

async function* chunksOf(chunks: readonly Buffer[]): AsyncGenerator<{ chunk: Buffer }> {
  for (const chunk of chunks) yield { chunk };
}
