import { randomUUID } from 'node:crypto';
import type { StartRunRequest } from '@onescan/shared/generated/onescan/v1/coordinator.js';
import type { Plan } from '@onescan/shared/generated/onescan/v1/plan.js';
import { RunSpec } from '@onescan/shared/generated/onescan/v1/spec.js';
import { linkSignals } from '@onescan/shared/linked-signal.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/shared/run-spec.js';
import type { Core } from '../core.js';
import { endTrace } from '../ending/run-ending.js';
import type { AskAgainOptions } from '../fetcher/ask-again.js';
import { checkRequestId, type GivenTags, runTags } from '../history/run-tags.js';
import {
  approvalOf,
  type GivenApproval,
  isApprovedAlready,
  requireApprovable,
  requireAutomatic,
} from '../model/approvals.js';
import { readResultDocument } from '../model/result-document.js';
import { blankRun, endOf, type RunRecord, type RunSnapshot, type TaskRecord } from '../model/run-record.js';
import { missingPairs } from '../planning/amend-plan.js';
import { catalogueSinceApproval } from '../planning/catalogue-since-approval.js';
import { checkOverrides, checkSpec } from '../planning/check-spec.js';
import { planRun } from '../planning/planner.js';
import { rerunPlan } from '../planning/rerun-plan.js';
import { rerunSpec } from '../planning/rerun-spec.js';
import type { RunChange } from '../runs/run-change.js';
import { runStateToProto } from '../runs/run-view.js';
import { isEnded } from '../states/run-state.js';
import { isTaskEnded } from '../states/task-state.js';
import { readRunOfRequest } from '../store/run-table.js';

export interface CommandHooks {
  /** Moves all runs on; called under the lock. */
  advance(): Promise<void>;
  /** Starts planning a run that is PLANNING. */
  plan(runId: string): void;
  /** Gives up fetches of a run, or of one pair of it. */
  abortFetches(runId: string, pair?: string): void;
  /** Tells the trainer of a task to give it up. */
  cancelAttempt(task: TaskRecord, reason: string): void;
}

/** What users tell the coordinator to do with runs. */
export class RunCommands {
  readonly #core: Core;
  readonly #hooks: CommandHooks;

  constructor(core: Core, hooks: CommandHooks) {
    this.#core = core;
    this.#hooks = hooks;
  }

  /** A plan without a run: nothing is stored. Whoever asked for it and has gone ends the planning. */
  async plan(spec: RunSpec | undefined, signal: AbortSignal): Promise<{ plan: Plan; spec: ResolvedRunSpec }> {
    const resolved = checkSpec(spec ?? RunSpec.create());
    const over = linkSignals(signal, this.#core.stopping);
    const planned = await planRun(this.#core.fetcher, resolved, askOnce(over.signal), {
      trainers: this.#core.registry.rooms(),
    }).finally(over.release);
    const catalogueChange = await catalogueSinceApproval(this.#core.book.store, resolved, planned);
    return { plan: { ...planned.plan, catalogueChange }, spec: resolved };
  }

  /**
   * Stores a new run and plans it in the background; all that can be checked at once is. The same request under the
   * same id starts one run.
   *
   * @returns its id
   * @throws OnescanError INVALID_ARGUMENT naming the field, ALREADY_EXISTS for another request under an id
   */
  async start(request: StartRunRequest): Promise<string> {
    const { spec: given, rerunOf } = request;
    const tags = runTags(request);
    const spec =
      rerunOf === '' ? checkSpec(given ?? RunSpec.create()) : await this.#rerunSpec(given, rerunOf);
    const runId = newRunId(this.#core.clock());
    const earlier = await this.#core.exclusive(async () => {
      const started = await this.#startedBy(tags);
      if (started) return started;
      const traceparent = this.#core.traces.start(runId);
      const run = blankRun({ runId, spec, rerunOf, traceparent, createdMs: this.#core.clock(), ...tags });
      await this.#core.book.create(run, [
        { $case: 'runState', value: { state: runStateToProto('PLANNING'), problems: [] } },
      ]);
      return undefined;
    });
    if (earlier) return earlier;
    this.#core.log.info(
      { runId, pairs: spec.pairs.length, horizons: spec.horizons.length, rerunOf },
      'run started',
    );
    this.#hooks.plan(runId);
    return runId;
  }

  /**
   * Approves a plan, or the rest after the pilot. What was approved before, by its request id or because the plan of
   * this hash is approved and nothing waits, is a success and approves nothing more.
   *
   * @param given `automatic` when nobody looked at the plan
   * @throws OnescanError FAILED_PRECONDITION when nothing waits for approval or the hash is not the plan's,
   *   RESOURCE_EXHAUSTED when the plan is over its budget, or over what may be approved automatically
   */
  approve(runId: string, given: GivenApproval): Promise<RunSnapshot> {
    const { planHash, approvedBy, automatic, requestId } = given;
    checkRequestId(requestId);
    return this.#core.exclusive(async () => {
      const before = await this.#core.book.get(runId);
      const { run } = before;
      if (isApprovedAlready(run, given)) return before;
      requireApprovable(run, planHash);
      if (automatic) requireAutomatic(run, this.#core.options.autoApproveUsd);
      const pilotApproved = run.pilotApproved || run.state === 'AWAITING_PILOT_APPROVAL';
      const who = approvedBy || 'somebody unnamed';
      await this.#core.book.change(runId, (change) => {
        const what = run.state === 'AWAITING_APPROVAL' ? 'plan' : 'rest after the pilot';
        change.note(`${what} approved by ${who}`);
        const nowMs = this.#core.clock();
        const approval = approvalOf(run.plan!, { what, approvedBy: who, automatic, requestId, nowMs });
        const approvals = [...run.approvals, approval];
        change.setRun({ state: 'RUNNING', approvedBy: who, approvals, pilotApproved, problems: [] });
      });
      this.#core.log.info({ runId, planHash, approvedBy: who }, 'run approved');
      await this.#hooks.advance();
      return this.#core.book.get(runId);
    });
  }

  /**
   * Cancels a run, or one pair of it. Cancelling what has ended changes nothing.
   *
   * @throws OnescanError NOT_FOUND for an unknown run or pair
   */
  cancel(runId: string, pair: string, reason: string): Promise<RunSnapshot> {
    return this.#core.exclusive(async () => {
      const snapshot = await this.#core.book.get(runId);
      if (pair !== '' && !snapshot.pairs.has(pair)) {
        throw new OnescanError('NOT_FOUND', `run ${runId} has no pair "${pair}"`, {
          remedy: `Its pairs: ${[...snapshot.pairs.keys()].join(' ')}`,
        });
      }
      if (isEnded(snapshot.run.state)) return snapshot;
      const why = `cancelled${reason ? `: ${reason}` : ''}`;
      const endedMs = endOf(snapshot.run, this.#core.clock());
      const after = await this.#core.book.change(runId, (change) => {
        cancelTasks(change, snapshot, { pair, why });
        if (pair === '') change.setRun({ state: 'CANCELLED', endedMs, problems: [why] });
      });
      this.#hooks.abortFetches(runId, pair === '' ? undefined : pair);
      for (const task of snapshot.tasks.values()) {
        const hit = task.state === 'LEASED' && (pair === '' || task.pair === pair);
        if (hit) this.#hooks.cancelAttempt(task, why);
      }
      this.#core.log.info({ runId, pair, reason }, 'cancelled');
      if (pair === '') endTrace(this.#core, after);
      await this.#hooks.advance();
      return this.#core.book.get(runId);
    });
  }

  /**
   * Takes up what a PARTIAL, FAILED or CANCELLED run has not finished: tasks without a result, or with one that cannot
   * be read any more, and the report. Datasets that it had are asked for again, which
   * is free while they are cached; what it still has to fetch is planned again first, and waits for a new approval
   * when the one that there is does not suffice or the warehouse has changed.
   *
   * @throws OnescanError FAILED_PRECONDITION when the run is complete or still going on
   */
  async resume(runId: string): Promise<RunSnapshot> {
    const after = await this.#core.exclusive(async () => {
      const before = await this.#core.book.get(runId);
      requireResumable(before.run);
      const unreadable = await this.#unreadableResults(before);
      // A root of its own in the same trace: the one before was sent when the run ended.
      const traceparent = this.#core.traces.start(runId, before.run.traceparent);
      const resumed = await this.#core.book.change(runId, (change) => {
        reopenTasks(change, before, unreadable);
        const state = resumedState(change.snapshot());
        change.setRun({ traceparent, endedMs: undefined, problems: [], reportPath: '', state });
      });
      this.#core.log.info({ runId, state: resumed.run.state }, 'run resumed');
      await this.#hooks.advance();
      return this.#core.book.get(runId);
    });
    if (after.run.state === 'PLANNING') this.#hooks.plan(runId);
    return after;
  }

  /** The run that a request has started already. */
  async #startedBy({ requestId, requestSha256 }: GivenTags): Promise<string | undefined> {
    if (requestId === '') return undefined;
    const { store } = this.#core.book;
    const earlier = await store.readRunTable((reader) => readRunOfRequest(reader, requestId));
    if (!earlier || earlier.requestSha256 === requestSha256) return earlier?.runId;
    throw new OnescanError(
      'ALREADY_EXISTS',
      `request_id "${requestId}" started run ${earlier.runId} with another request`,
      {
        remedy: 'Give every request an id of its own',
        details: { field: 'request_id' },
      },
    );
  }

  /** Keys of finished tasks whose stored result no report can be made from. */
  async #unreadableResults({ run, tasks }: RunSnapshot): Promise<Set<string>> {
    const unreadable = new Set<string>();
    for (const [key, task] of tasks) {
      if (task.state !== 'DONE') continue;
      const stored = await this.#core.book.store.readResult(run.runId, task.pair, task.horizon);
      try {
        readResultDocument(task, stored?.document ?? new Uint8Array());
      } catch (thrown) {
        this.#core.log.warn({ runId: run.runId, reason: OnescanError.from(thrown).message }, 'learned again');
        unreadable.add(key);
      }
    }
    return unreadable;
  }

  async #rerunSpec(given: RunSpec | undefined, rerunOf: string): Promise<ResolvedRunSpec> {
    const earlier = await this.#core.book.get(rerunOf);
    const spec = rerunSpec(earlier.run.spec, given);
    checkOverrides(spec);
    await rerunPlan(this.#core.fetcher, { earlier, spec }, askOnce(this.#core.stopping));
    return spec;
  }
}

/** Whoever waits for an answer hears at once that the fetcher is away. */
function askOnce(signal: AbortSignal): AskAgainOptions {
  return { signal, waitsMs: [], onRetry: () => undefined };
}

/** "20261122-171500-3f2a9c1d": sorts by time, and is safe in file names. */
function newRunId(nowMs: number): string {
  const stamp = new Date(nowMs)
    .toISOString()
    .replace(/[-:]|\..*/g, '')
    .replace('T', '-');
  return `${stamp}-${randomUUID().slice(0, 8)}`;
}

function requireResumable(run: RunRecord): void {
  if (run.state !== 'COMPLETED' && isEnded(run.state)) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `run ${run.runId} is ${run.state}: there is nothing to resume`,
  );
}

/** Where a run goes on: what it still has to fetch is planned again, and nothing runs that was not approved. */
function resumedState(snapshot: RunSnapshot): RunRecord['state'] {
  const { plan, approvals, rerunOf } = snapshot.run;
  if (!plan) return 'PLANNING';
  if (rerunOf === '' && missingPairs(snapshot).length > 0) return 'PLANNING';
  return approvals.at(-1)?.planHash === plan.planHash ? 'RUNNING' : 'AWAITING_APPROVAL';
}

function cancelTasks(change: RunChange, before: RunSnapshot, what: { pair: string; why: string }): void {
  for (const pair of before.pairs.values()) {
    if (pair.state !== 'FETCHING' || (what.pair !== '' && pair.pair !== what.pair)) continue;
    change.setPair(pair.pair, { state: 'PENDING', error: what.why });
  }
  for (const task of before.tasks.values()) {
    if (isTaskEnded(task.state) || (what.pair !== '' && task.pair !== what.pair)) continue;
    change.setTask(task, { state: 'CANCELLED', error: what.why });
  }
}

function reopenTasks(change: RunChange, before: RunSnapshot, unreadable: ReadonlySet<string>): void {
  const open = [...before.tasks].flatMap(([key, task]) =>
    task.state !== 'DONE' || unreadable.has(key) ? [task] : [],
  );
  for (const pair of before.pairs.values()) {
    if (pair.state === 'PENDING' || !open.some((task) => task.pair === pair.pair)) continue;
    change.setPair(pair.pair, { state: 'PENDING', error: '', trainStartedMs: undefined });
  }
  for (const task of open) {
    if (task.state === 'BLOCKED') continue;
    const attempt = task.attempt + 1;
    change.setTask(task, { state: 'BLOCKED', attempt, crashes: 0, outOfMemory: 0, trainerId: '', error: '' });
  }
}
