import type { Plan } from '@onescan/shared/generated/onescan/v1/plan.js';
import { ApprovalMode } from '@onescan/shared/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { ATTRIBUTE, SPAN } from '@onescan/shared/telemetry/attributes.js';
import { withSpan } from '@onescan/shared/telemetry/tracing.js';
import type { Core } from '../core.js';
import { endTrace } from '../ending/run-ending.js';
import { type AskAgainOptions, FETCHER_RETRY_WAITS_MS } from '../fetcher/ask-again.js';
import { readRepeatable } from '../fetcher/fetch-dataset.js';
import { approvalOf } from '../model/approvals.js';
import { autoApproveProblem, budgetProblem } from '../model/budget.js';
import { blankPairsAndTasks, endOf, type RunRecord, type RunSnapshot } from '../model/run-record.js';
import { isTaskEnded } from '../states/task-state.js';
import { amendPlan, missingPairs, type PlanNow } from './amend-plan.js';
import { catalogueSinceApproval } from './catalogue-since-approval.js';
import { planRun } from './planner.js';
import { rerunPlan } from './rerun-plan.js';

/** Plans runs, and approves those plans that need nobody's word. */
export class PlanStage {
  readonly #core: Core;
  readonly #advance: () => Promise<void>;
  readonly #underWay = new Set<string>();

  /** `advance` is called, under the lock, when a run has been planned. */
  constructor(core: Core, advance: () => Promise<void>) {
    this.#core = core;
    this.#advance = advance;
  }

  /**
   * Plans a run that is PLANNING and goes on to approval; a failed plan fails the run. Does nothing for a run
   * that is being planned, so that it can be called at any time.
   */
  start(runId: string): void {
    if (this.#underWay.has(runId)) return;
    this.#underWay.add(runId);
    this.#core.background(`plan ${runId}`, () =>
      this.#plan(runId).finally(() => this.#underWay.delete(runId)),
    );
  }

  async #plan(runId: string): Promise<void> {
    const snapshot = this.#core.book.activeRun(runId);
    if (snapshot?.run.state !== 'PLANNING') return;
    try {
      if (wasApproved(snapshot.run)) {
        const now = await this.#planMissing(snapshot);
        await this.#core.exclusive(() => this.#plannedAgain(runId, now));
        return;
      }
      const plan = await this.#makePlan(snapshot.run);
      await this.#core.exclusive(() => this.#planned(runId, plan));
    } catch (thrown) {
      if (this.#core.stopping.aborted) return;
      await this.#core.exclusive(() => this.#planFailed(runId, OnescanError.from(thrown)));
    }
  }

  #makePlan(run: RunRecord): Promise<Plan> {
    return this.#inSpan(run, async () => {
      if (run.rerunOf === '') return this.#askFetcher(run, run.spec.pairs);
      const earlier = await this.#core.book.get(run.rerunOf);
      return rerunPlan(this.#core.fetcher, { earlier, spec: run.spec }, this.#asking(run.runId));
    });
  }

  /** What the pairs that an approved run lacks would read and cost now. */
  async #planMissing(snapshot: RunSnapshot): Promise<PlanNow> {
    const { run } = snapshot;
    const fresh = await this.#inSpan(run, () => this.#askFetcher(run, missingPairs(snapshot)));
    return { fresh, repeatable: await readRepeatable(this.#core.fetcher, run.runId) };
  }

  #inSpan(run: RunRecord, make: () => Promise<Plan>): Promise<Plan> {
    const parent = this.#core.traces.context(run.runId);
    const attributes = { [ATTRIBUTE.runId]: run.runId };
    return withSpan(SPAN.plan, { parent, attributes }, async (span) => {
      const plan = await make();
      span.setAttributes({
        [ATTRIBUTE.planHash]: plan.planHash,
        [ATTRIBUTE.bytesEstimated]: Number(plan.bytes),
        [ATTRIBUTE.usd]: plan.usd,
        [ATTRIBUTE.statements]: plan.pairs.reduce((sum, pair) => sum + pair.statements.length, 0),
      });
      return plan;
    });
  }

  #asking(runId: string): AskAgainOptions {
    return {
      signal: this.#core.stopping,
      waitsMs: FETCHER_RETRY_WAITS_MS,
      onRetry: (error, waitMs) =>
        this.#core.log.warn({ runId, reason: error.message, waitMs }, 'asking the fetcher again'),
    };
  }

  /** Asks the fetcher; what it found is stored, and compared with the last approved plan. */
  async #askFetcher({ runId, spec }: RunRecord, pairs: readonly string[]): Promise<Plan> {
    const { fetcher, book, registry } = this.#core;
    const planned = await planRun(fetcher, spec, this.#asking(runId), { pairs, trainers: registry.rooms() });
    const { plan, catalogues } = planned;
    await book.store.putCatalogues(
      plan.pairs.map(({ pair, catalogueSha256 }) => [catalogueSha256, catalogues.get(pair)!] as const),
    );
    return { ...plan, catalogueChange: await catalogueSinceApproval(book.store, spec, planned) };
  }

  /** A resumed run goes on under its approval, or waits for another. */
  async #plannedAgain(runId: string, now: PlanNow): Promise<void> {
    const snapshot = this.#core.book.activeRun(runId);
    if (snapshot?.run.state !== 'PLANNING') return;
    const amended = amendPlan(snapshot, now);
    await this.#core.book.change(runId, (change) => {
      if (!amended) return change.setRun({ state: 'RUNNING' });
      const { plan, problem } = amended;
      change.event({ $case: 'plan', value: plan });
      change.setRun({ state: 'AWAITING_APPROVAL', plan, problems: [problem] });
    });
    this.#core.log.info({ runId, problem: amended?.problem }, 'run planned again');
    await this.#advance();
  }

  async #planned(runId: string, plan: Plan): Promise<void> {
    const snapshot = this.#core.book.activeRun(runId);
    if (snapshot?.run.state !== 'PLANNING') return;
    const { run } = snapshot;
    await this.#core.book.setPairsAndTasks(runId, blankPairsAndTasks(runId, run.spec));
    const automatic = automaticApproval(run);
    const problem = budgetProblem(plan) ?? this.#automaticProblem(run, plan);
    const approvedBy = problem ? '' : automatic;
    const facts = { what: 'plan', approvedBy, automatic: true, nowMs: this.#core.clock() };
    await this.#core.book.change(runId, (change) => {
      change.event({ $case: 'plan', value: plan });
      change.setRun({
        plan,
        approvedBy,
        approvals: approvedBy ? [approvalOf(plan, facts)] : [],
        state: approvedBy ? 'RUNNING' : 'AWAITING_APPROVAL',
        problems: problem ? [problem] : [],
      });
    });
    this.#core.log.info(
      { runId, planHash: plan.planHash, usd: plan.usd, approvedBy, problem },
      'run planned',
    );
    await this.#advance();
  }

  /** Why the budget may not approve by itself what it was asked to. */
  #automaticProblem({ spec, rerunOf }: RunRecord, plan: Plan): string | undefined {
    if (rerunOf !== '' || spec.approvalMode !== ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET) return undefined;
    return autoApproveProblem(plan, this.#core.options.autoApproveUsd);
  }

  async #planFailed(runId: string, error: OnescanError): Promise<void> {
    const snapshot = this.#core.book.activeRun(runId);
    if (snapshot?.run.state !== 'PLANNING') return;
    this.#core.log.error({ runId, code: error.code, reason: error.text }, 'planning failed');
    const tasks = [...snapshot.tasks.values()];
    const after = await this.#core.book.change(runId, (change) => {
      for (const task of tasks) {
        if (!isTaskEnded(task.state)) change.setTask(task, { state: 'FAILED', error: `plan: ${error.text}` });
      }
      change.setRun({
        state: tasks.some(({ state }) => state === 'DONE') ? 'PARTIAL' : 'FAILED',
        endedMs: endOf(change.run, this.#core.clock()),
        problems: [`plan: ${error.text}`],
        planErrorCode: error.code,
      });
    });
    endTrace(this.#core, after);
  }
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
