import type { StartRunRequest } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { linkSignals } from '@onescan/process/linked-signal.js';
import type { Logger } from '@onescan/process/log.js';
import type { AskAgainOptions } from '../fetcher/ask-again.js';
import { checkRequestId, type GivenTags, runTags } from '../history/run-tags.js';
import {
  approvalOf,
  type GivenApproval,
  isApprovedAlready,
  requireApprovable,
  requireAutomatic,
  requireResumable,
} from '../model/approvals.js';
import { readResultDocument } from '../model/result-document.js';
import {
  blankRun,
  endOf,
  newRunId,
  type RunRecord,
  type RunSnapshot,
  type TaskRecord,
} from '../model/run-record.js';
import { missingPairs } from '../planning/amend-plan.js';
import { catalogueSinceApproval } from '../planning/catalogue-since-approval.js';
import type { TrainerRoom } from '../planning/check-memory.js';
import { checkOverrides, checkSpec } from '../planning/check-spec.js';
import { planRun } from '../planning/planner.js';
import { rerunPlan } from '../planning/rerun-plan.js';
import { rerunSpec } from '../planning/rerun-spec.js';
import type { RunBook } from '../runs/run-book.js';
import type { RunTraces } from '../runs/run-traces.js';
import { runStateToProto } from '../runs/run-view.js';
import type { Work } from '../runs/work.js';
import { isEnded } from '../states/run-state.js';
import { readRunOfRequest } from '../store/run-table.js';
import { cancelTasks, reopenTasks } from './change-tasks.js';

/** What commands use and set off. */
export interface CommandParts {
  readonly work: Work;
  readonly book: RunBook;
  readonly traces: RunTraces;
  readonly fetcher: FetcherServiceClient;
  readonly log: Logger;
  readonly clock: () => number;
  readonly options: { readonly autoApproveUsd: number };
  /** The connected trainers. */
  readonly registry: { rooms(): readonly TrainerRoom[] };
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
  readonly #parts: CommandParts;

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  /** A plan without a run: nothing is stored. Whoever asked for it and has gone ends the planning. */
  async plan(spec: RunSpec | undefined, signal: AbortSignal): Promise<{ plan: Plan; spec: ResolvedRunSpec }> {
    const resolved = checkSpec(spec ?? RunSpec.create());
    const over = linkSignals(signal, this.#parts.work.stopping);
    const planned = await planRun(this.#parts.fetcher, resolved, askOnce(over.signal), {
      trainers: this.#parts.registry.rooms(),
    }).finally(over.release);
    const catalogueChange = await catalogueSinceApproval(this.#parts.book.store, resolved, planned);
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
    const runId = newRunId(this.#parts.clock());
    const earlier = await this.#parts.work.exclusive(async () => {
      const started = await this.#startedBy(tags);
      if (started) return started;
      const traceparent = this.#parts.traces.start(runId);
      const run = blankRun({ runId, spec, rerunOf, traceparent, createdMs: this.#parts.clock(), ...tags });
      await this.#parts.book.create(run, [
        { $case: 'runState', value: { state: runStateToProto('PLANNING'), problems: [] } },
      ]);
      return undefined;
    });
    if (earlier) return earlier;
    this.#parts.log.info(
      { runId, pairs: spec.pairs.length, horizons: spec.horizons.length, rerunOf },
      'run started',
    );
    this.#parts.plan(runId);
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
    return this.#parts.work.exclusive(async () => {
      const before = await this.#parts.book.get(runId);
      const { run } = before;
      if (isApprovedAlready(run, given)) return before;
      requireApprovable(run, planHash);
      if (automatic) requireAutomatic(run, this.#parts.options.autoApproveUsd);
      const pilotApproved = run.pilotApproved || run.state === 'AWAITING_PILOT_APPROVAL';
      const who = approvedBy || 'somebody unnamed';
      await this.#parts.book.change(runId, (change) => {
        const what = run.state === 'AWAITING_APPROVAL' ? 'plan' : 'rest after the pilot';
        change.note(`${what} approved by ${who}`);
        const nowMs = this.#parts.clock();
        const approval = approvalOf(run.plan!, { what, approvedBy: who, automatic, requestId, nowMs });
        const approvals = [...run.approvals, approval];
        change.setRun({ state: 'RUNNING', approvedBy: who, approvals, pilotApproved, problems: [] });
      });
      this.#parts.traces.approved(runId, who);
      this.#parts.log.info({ runId, planHash, approvedBy: who }, 'run approved');
      await this.#parts.advance();
      return this.#parts.book.get(runId);
    });
  }

  /**
   * Cancels a run, or one pair of it. Cancelling what has ended changes nothing.
   *
   * @throws OnescanError NOT_FOUND for an unknown run or pair
   */
  cancel(runId: string, pair: string, reason: string): Promise<RunSnapshot> {
    return this.#parts.work.exclusive(async () => {
      const snapshot = await this.#parts.book.get(runId);
      if (pair !== '' && !snapshot.pairs.has(pair)) {
        throw new OnescanError('NOT_FOUND', `run ${runId} has no pair "${pair}"`, {
          remedy: `Its pairs: ${[...snapshot.pairs.keys()].join(' ')}`,
        });
      }
      if (isEnded(snapshot.run.state)) return snapshot;
      const why = `cancelled${reason ? `: ${reason}` : ''}`;
      const endedMs = endOf(snapshot.run, this.#parts.clock());
      const after = await this.#parts.book.change(runId, (change) => {
        cancelTasks(change, snapshot, { pair, why, endedMs });
        if (pair === '')
          change.setRun({
            state: 'CANCELLED',
            endedMs,
            problems: [{ code: 'run_cancelled', facts: { why: reason } }],
          });
      });
      this.#parts.abortFetches(runId, pair === '' ? undefined : pair);
      for (const task of snapshot.tasks.values()) {
        const hit = task.state === 'LEASED' && (pair === '' || task.pair === pair);
        if (!hit) continue;
        this.#parts.traces.endAttempt(after, task);
        this.#parts.cancelAttempt(task, why);
      }
      this.#parts.log.info({ runId, pair, reason }, 'cancelled');
      if (pair === '') this.#parts.traces.end(after);
      await this.#parts.advance();
      return this.#parts.book.get(runId);
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
    const after = await this.#parts.work.exclusive(async () => {
      const before = await this.#parts.book.get(runId);
      requireResumable(before.run);
      const unreadable = await this.#unreadableResults(before);
      // A root of its own in the same trace: the one before was sent when the run ended.
      const traceparent = this.#parts.traces.start(runId, before.run.traceparent);
      const resumed = await this.#parts.book.change(runId, (change) => {
        reopenTasks(change, before, unreadable);
        const state = resumedState(change.snapshot());
        const unended = { endedMs: undefined, problems: [], reportPath: '', evidence: undefined };
        change.setRun({ traceparent, ...unended, state });
      });
      this.#parts.log.info({ runId, state: resumed.run.state }, 'run resumed');
      await this.#parts.advance();
      return this.#parts.book.get(runId);
    });
    if (after.run.state === 'PLANNING') this.#parts.plan(runId);
    return after;
  }

  /** The run that a request has started already. */
  async #startedBy({ requestId, requestSha256 }: GivenTags): Promise<string | undefined> {
    if (requestId === '') return undefined;
    const { store } = this.#parts.book;
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
      const stored = await this.#parts.book.store.readResult(run.runId, task.pair, task.horizon);
      try {
        readResultDocument(task, stored?.document ?? new Uint8Array());
      } catch (thrown) {
        this.#parts.log.warn(
          { runId: run.runId, reason: OnescanError.from(thrown).message },
          'learned again',
        );
        unreadable.add(key);
      }
    }
    return unreadable;
  }

  async #rerunSpec(given: RunSpec | undefined, rerunOf: string): Promise<ResolvedRunSpec> {
    const earlier = await this.#parts.book.get(rerunOf);
    const spec = rerunSpec(earlier.run.spec, given);
    checkOverrides(spec);
    await rerunPlan(this.#parts.fetcher, { earlier, spec }, askOnce(this.#parts.work.stopping));
    return spec;
  }
}

/** Whoever waits for an answer hears at once that the fetcher is away. */
function askOnce(signal: AbortSignal): AskAgainOptions {
  return { signal, waitsMs: [], onRetry: () => undefined };
}

/** Where a run goes on: what it still has to fetch is planned again, and nothing runs that was not approved. */
function resumedState(snapshot: RunSnapshot): RunRecord['state'] {
  const { plan, approvals, rerunOf } = snapshot.run;
  if (!plan) return 'PLANNING';
  if (rerunOf === '' && missingPairs(snapshot).length > 0) return 'PLANNING';
  return approvals.at(-1)?.planHash === plan.planHash ? 'RUNNING' : 'AWAITING_APPROVAL';
}
