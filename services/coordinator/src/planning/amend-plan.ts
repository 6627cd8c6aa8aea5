import type { PairPlan, Plan, SharedPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { RunProblem } from '@onescan/contract/reasons/reason.js';
import { approvedBytes } from '../model/approvals.js';
import { approvalProblem } from '../model/budget.js';
import { billedAtMost, estimatedBytes, isSharedThere, priceOf, statementKey } from '../model/cost.js';
import type { RunSnapshot } from '../model/run-record.js';
import { isTaskEnded, type TaskState } from '../states/task-state.js';
import { planHash } from './plan-hash.js';

/**
 * Pairs with work left that may have to be fetched: without a dataset, or with one of which nothing has come yet. The
 * others stay with what their results are from.
 */
export function missingPairs({ pairs, tasks }: RunSnapshot): string[] {
  const states = (pair: string): TaskState[] =>
    [...tasks.values()].filter((task) => task.pair === pair).map(({ state }) => state);
  return [...pairs.values()]
    .filter(({ pair, dataset }) => !dataset || !states(pair).includes('DONE'))
    .filter(({ pair }) => states(pair).some((state) => !isTaskEnded(state)))
    .map(({ pair }) => pair);
}

/** What is known now of the pairs that a run lacks. */
export interface PlanNow {
  /** The missing pairs alone, estimated again. */
  readonly fresh: Plan;
  /** Keys of the statements that would not be billed again. */
  readonly repeatable: ReadonlySet<string>;
}

/**
 * The plan of a run that goes on, when what is missing cannot be fetched under its approval any more: because more
 * would be billed than is left, or because the warehouse has changed and gives other datasets. It says what was
 * billed before, and has another hash to approve. Undefined when the approval suffices.
 */
export function amendPlan(
  snapshot: RunSnapshot,
  state: PlanNow,
): { plan: Plan; problem: RunProblem } | undefined {
  const plan = snapshot.run.plan!;
  const { fresh } = state;
  const left = <T extends Fetched>(each: T): T => ({ ...each, ...unpaid(each, state) });
  const now = new Map(fresh.pairs.map((pair) => [pair.pair, left(pair)]));
  const pairs = plan.pairs.map((pair) => now.get(pair.pair) ?? { ...pair, cached: true });
  const shared = fresh.shared && left({ ...fresh.shared, cached: isSharedThere(fresh.shared, snapshot) });
  const toFetch = [...pairs, ...(shared ? [shared] : [])].filter(({ cached }) => !cached);
  const neededBytes = toFetch.reduce((sum, pair) => sum + pair.bytes, 0n);
  const billedBytes = billedAtMost(snapshot.pairs.values());
  const problem =
    changeProblem(plan, pairs) ??
    statementsProblem(plan, { pairs, shared }) ??
    unapprovedProblem(snapshot.run) ??
    approvalProblem({ approvedBytes: approvedBytes(snapshot.run), billedBytes, neededBytes });
  if (!problem) return undefined;
  const amended: Plan = {
    ...plan,
    pairs,
    shared,
    pricePerTibUsd: fresh.pricePerTibUsd,
    bytes: neededBytes,
    usd: toFetch.reduce((sum, pair) => sum + pair.usd, 0),
    alreadyBilledBytes: billedBytes,
    alreadyBilledUsd: priceOf(billedBytes, fresh),
    metadataQueries: plan.metadataQueries + fresh.metadataQueries,
    metadataBytes: plan.metadataBytes + fresh.metadataBytes,
    metadataUsd: plan.metadataUsd + fresh.metadataUsd,
    sharedOnce: undefined,
    catalogueChange: fresh.catalogueChange,
  };
  return { plan: { ...amended, planHash: planHash(amended) }, problem };
}

type Fetched = PairPlan | SharedPlan;

/** Which pairs are not what was approved any more; undefined when all are. */
function changeProblem(plan: Plan, now: readonly PairPlan[]): RunProblem | undefined {
  const before = new Map(plan.pairs.map((pair) => [pair.pair, pair]));
  const changed = now.filter(({ pair, datasetId, statements, bytes, cached }) => {
    const approved = before.get(pair)!;
    const isMore = sqlOf(statements) === sqlOf(approved.statements) && bytes > approved.bytes;
    return datasetId !== approved.datasetId || (!cached && isMore);
  });
  if (changed.length === 0) return undefined;
  return { code: 'warehouse_changed', facts: { pairs: changed.map(({ pair }) => pair) } };
}

/** Which datasets would be read by other statements than was approved; undefined when none would. */
function statementsProblem(before: Plan, now: Pick<Plan, 'pairs' | 'shared'>): RunProblem | undefined {
  const approved = new Map([...before.pairs, ...(before.shared ? [before.shared] : [])].map(withId));
  const changed = [...now.pairs, ...(now.shared ? [{ ...now.shared, pair: 'what all share' }] : [])].flatMap(
    ({ pair, datasetId, statements, cached }) => {
      const were = approved.get(datasetId)?.statements;
      if (cached || !were || sqlOf(were) === sqlOf(statements)) return [];
      return { pair, statements: statements.length, approved: were.length };
    },
  );
  if (changed.length === 0) return undefined;
  return { code: 'other_statements', facts: { changed } };
}

function withId<T extends Fetched>(each: T): [string, T] {
  return [each.datasetId, each];
}

function sqlOf(statements: Fetched['statements']): string {
  return statements.map(({ sqlSha256 }) => sqlSha256).join();
}

/** Why a plan that an earlier resume made cannot be taken for approved; undefined when it was. */
function unapprovedProblem({ plan, approvals }: RunSnapshot['run']): RunProblem | undefined {
  if (approvals.at(-1)?.planHash === plan!.planHash) return undefined;
  return { code: 'plan_changed', facts: {} };
}

/** What the statements of a dataset would still bill; a dataset that is there keeps its estimate. */
function unpaid(
  { datasetId, statements, cached, bytes, usd }: Fetched,
  { fresh, repeatable }: PlanNow,
): { bytes: bigint; usd: number } {
  if (cached) return { bytes, usd };
  const left = statements.filter((each) => !repeatable.has(statementKey(datasetId, each.sqlSha256)));
  const unpaidBytes = estimatedBytes({ statements: left });
  return { bytes: unpaidBytes, usd: priceOf(unpaidBytes, fresh) };
}
