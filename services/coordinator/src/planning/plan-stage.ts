import type { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan, Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { ApprovalMode } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type RunProblem, reasonText } from '@onescan/contract/reasons/reason.js';
import type { AuditLog } from '@onescan/process/audit/audit-log.js';
import type { Logger } from '@onescan/process/log.js';
import { ATTRIBUTE, costAttributes, SPAN } from '@onescan/process/telemetry/attributes.js';
import { preciseNowMs, tracer } from '@onescan/process/telemetry/tracing.js';
import { type Attributes, context } from '@opentelemetry/api';
import { type AskAgainOptions, FETCHER_RETRY_WAITS_MS } from '../fetcher/ask-again.js';
import { readRepeatable } from '../fetcher/ask-fetcher.js';
import { approvalOf } from '../model/approvals.js';
import { autoApproveProblem, budgetProblem } from '../model/budget.js';
import { ownApproval } from '../model/own-acts.js';
import { blankPairsAndTasks, endOf, type RunRecord, type RunSnapshot } from '../model/run-record.js';
import type { RunBook } from '../runs/run-book.js';
import type { RunTraces } from '../runs/run-traces.js';
import type { Work } from '../runs/work.js';
import { isTaskEnded } from '../states/task-state.js';
import { amendPlan, missingPairs, type PlanNow } from './amend-plan.js';
import { catalogueSinceApproval } from './catalogue-since-approval.js';
import type { TrainerRoom } from './check-memory.js';
import { type PlanScope, planRun } from './planner.js';
import { rerunPlan } from './rerun-plan.js';

/** What planning uses. */
export interface PlanParts {
  readonly work: Work;
  readonly book: RunBook;
  readonly traces: RunTraces;
  readonly fetcher: FetcherServiceClient;
  readonly log: Logger;
  readonly audit: AuditLog;
  readonly clock: () => number;
  readonly options: { readonly autoApproveUsd: number };
  /** The connected trainers. */
  readonly registry: { rooms(): readonly TrainerRoom[] };
  /** Called, under the lock, when a run has been planned. */
  readonly advance: () => Promise<void>;
}

/** Plans runs, and approves those plans that need nobody's word. */
export class PlanStage {
  readonly #parts: PlanParts;
  readonly #underWay = new Set<string>();

  constructor(parts: PlanParts) {
    this.#parts = parts;
  }

  /**
   * Plans a run that is PLANNING and goes on to approval; a failed plan fails the run. Does nothing for a run
   * that is being planned, so that it can be called at any time.
   */
  start(runId: string): void {
    if (this.#underWay.has(runId)) return;
    this.#underWay.add(runId);
    this.#parts.work.background(`plan ${runId}`, () =>
      this.#plan(runId).finally(() => this.#underWay.delete(runId)),
    );
  }

  async #plan(runId: string): Promise<void> {
    const snapshot = this.#parts.book.activeRun(runId);
    if (snapshot?.run.state !== 'PLANNING') return;
    try {
      if (wasApproved(snapshot.run)) {
        const now = await this.#planMissing(snapshot);
        await this.#parts.work.exclusive(() => this.#plannedAgain(runId, now));
        return;
      }
      const plan = await this.#makePlan(snapshot.run);
      await this.#parts.work.exclusive(() => this.#planned(runId, plan));
    } catch (thrown) {
      if (this.#parts.work.stopping.aborted) return;
      await this.#parts.work.exclusive(() => this.#planFailed(runId, OnescanError.from(thrown)));
    }
  }

  #makePlan(run: RunRecord): Promise<Plan> {
    return this.#inSpan(run, async (onEstimate) => {
      if (run.rerunOf === '') return this.#askFetcher(run, { pairs: run.spec.pairs, onEstimate });
      const earlier = await this.#parts.book.get(run.rerunOf);
      return rerunPlan(this.#parts.fetcher, { earlier, spec: run.spec }, this.#asking(run.runId));
    });
  }

  /** What the pairs that an approved run lacks would read and cost now. */
  async #planMissing(snapshot: RunSnapshot): Promise<PlanNow> {
    const { run } = snapshot;
    const fresh = await this.#inSpan(run, (onEstimate) =>
      this.#askFetcher(run, { pairs: missingPairs(snapshot), onEstimate }),
    );
    return { fresh, repeatable: await readRepeatable(this.#parts.fetcher, run.runId) };
  }

  /** Children, one a pair, are written when the plan is made: none is left without its parent. */
  #inSpan(
    run: RunRecord,
    make: (onEstimate: NonNullable<PlanScope['onEstimate']>) => Promise<Plan>,
  ): Promise<Plan> {
    const attributes = { [ATTRIBUTE.runId]: run.runId };
    return this.#parts.traces.within(run.runId, SPAN.plan, { attributes }, async (span) => {
      const estimates: { pair: PairPlan; startTime: number; endMs: number }[] = [];
      const plan = await make((pair, startTime) =>
        estimates.push({ pair, startTime, endMs: preciseNowMs() }),
      );
      span.setAttributes({
        [ATTRIBUTE.planHash]: plan.planHash,
        [ATTRIBUTE.bytesEstimated]: Number(plan.bytes),
        ...costAttributes(plan.usd),
        [ATTRIBUTE.statements]: plan.pairs.reduce((sum, pair) => sum + pair.statements.length, 0),
      });
      for (const { pair, startTime, endMs } of estimates) {
        const each = { ...attributes, ...pairAttributes(pair) };
        tracer().startSpan(SPAN.planPair, { startTime, attributes: each }, context.active()).end(endMs);
      }
      return plan;
    });
  }

  #asking(runId: string): AskAgainOptions {
    return {
      signal: this.#parts.work.stopping,
      waitsMs: FETCHER_RETRY_WAITS_MS,
      onRetry: (error, waitMs) =>
        this.#parts.log.warn({ runId, reason: error.message, waitMs }, 'asking the fetcher again'),
    };
  }

  /** Asks the fetcher; what it found is stored, and compared with the last approved plan. */
  async #askFetcher({ runId, spec }: RunRecord, scope: PlanScope): Promise<Plan> {
    const { fetcher, book, registry } = this.#parts;
    const planned = await planRun(fetcher, spec, this.#asking(runId), {
      ...scope,
      trainers: registry.rooms(),
    });
    const { plan, catalogues } = planned;
    await book.store.putCatalogues(
      plan.pairs.map(({ pair, catalogueSha256 }) => [catalogueSha256, catalogues.get(pair)!] as const),
    );
    return { ...plan, catalogueChange: await catalogueSinceApproval(book.store, spec, planned) };
  }

  /** A resumed run goes on under its approval, or waits for another. */
  async #plannedAgain(runId: string, now: PlanNow): Promise<void> {
    const snapshot = this.#parts.book.activeRun(runId);
    if (snapshot?.run.state !== 'PLANNING') return;
    const amended = amendPlan(snapshot, now);
    await this.#parts.book.change(runId, (change) => {
      if (!amended) return change.setRun({ state: 'RUNNING' });
      const { plan, problem } = amended;
      change.event({ $case: 'plan', value: plan });
      change.setRun({ state: 'AWAITING_APPROVAL', plan, problems: [problem] });
    });
    if (amended) this.#parts.traces.waits(runId);
    const told = amended && reasonText(amended.problem);
    this.#parts.log.info({ runId, problem: told }, 'run planned again');
    await this.#parts.advance();
  }

  async #planned(runId: string, plan: Plan): Promise<void> {
    const snapshot = this.#parts.book.activeRun(runId);
    if (snapshot?.run.state !== 'PLANNING') return;
    const { run } = snapshot;
    await this.#parts.book.setPairsAndTasks(runId, blankPairsAndTasks(runId, run.spec));
    const automatic = automaticApproval(run);
    const problem = budgetProblem(plan) ?? this.#automaticProblem(run, plan);
    const approvedBy = problem ? '' : automatic;
    const facts = { what: 'plan', approvedBy, automatic: true, nowMs: this.#parts.clock() };
    if (approvedBy) this.#parts.audit.append(ownApproval(runId, plan, approvedBy));
    await this.#parts.book.change(runId, (change) => {
      change.event({ $case: 'plan', value: plan });
      change.setRun({
        plan,
        approvedBy,
        approvals: approvedBy ? [approvalOf(plan, facts)] : [],
        state: approvedBy ? 'RUNNING' : 'AWAITING_APPROVAL',
        problems: problem ? [problem] : [],
      });
    });
    if (approvedBy) this.#parts.traces.approved(runId, approvedBy);
    else this.#parts.traces.waits(runId);
    this.#parts.log.info(
      { runId, planHash: plan.planHash, usd: plan.usd, approvedBy, problem: problem && reasonText(problem) },
      'run planned',
    );
    await this.#parts.advance();
  }

  /** Why the budget may not approve by itself what it was asked to. */
  #automaticProblem({ spec, rerunOf }: RunRecord, plan: Plan): RunProblem | undefined {
    if (rerunOf !== '' || spec.approvalMode !== ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET) return undefined;
    return autoApproveProblem(plan, this.#parts.options.autoApproveUsd);
  }

  async #planFailed(runId: string, error: OnescanError): Promise<void> {
    const snapshot = this.#parts.book.activeRun(runId);
    if (snapshot?.run.state !== 'PLANNING') return;
    this.#parts.log.error({ runId, code: error.code, reason: error.text }, 'planning failed');
    const tasks = [...snapshot.tasks.values()];
    const after = await this.#parts.book.change(runId, (change) => {
      for (const task of tasks) {
        if (!isTaskEnded(task.state)) change.setTask(task, { state: 'FAILED', error: `plan: ${error.text}` });
      }
      change.setRun({
        state: tasks.some(({ state }) => state === 'DONE') ? 'PARTIAL' : 'FAILED',
        endedMs: endOf(change.run, this.#parts.clock()),
        problems: [{ code: 'planning_failed', facts: { error: error.code, words: error.text } }],
        planErrorCode: error.code,
      });
    });
    this.#parts.traces.end(after);
  }
}

function pairAttributes({ pair, bytes, usd, statements }: PairPlan): Attributes {
  return {
    [ATTRIBUTE.pair]: pair,
    [ATTRIBUTE.bytesEstimated]: Number(bytes),
    ...costAttributes(usd),
    [ATTRIBUTE.statements]: statements.length,
  };
}

/** True for a run that goes on after it was approved once; a rerun has nothing to plan. */
function wasApproved({ plan, approvals, rerunOf }: RunRecord): boolean {
  return plan !== undefined && approvals.length > 0 && rerunOf === '';
}

/** Who approves without being asked: the budget where the spec says so, and reruns, which cost nothing. */
function automaticApproval(run: RunRecord): string {
  if (run.rerunOf !== '') return `rerun of ${run.rerunOf} without cost`;
  return run.spec.approvalMode === ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET ? 'the budget' : '';
}
