import type { PairPlan, Plan, SharedPlan } from '@onescan/shared/generated/onescan/v1/plan.js';
import type { PairRecord, RunSnapshot } from '../runs/run-record.js';
import { isTaskEnded } from '../states/task-state.js';
import { approvalProblem, approvedTotal } from './budget.js';
import { planHash } from './plan-hash.js';

const TIB = 1024 ** 4;

/** Bytes that a run has been billed at most: jobs of unknown billing count with their bound. */
export function billedAtMost(pairs: Iterable<Pick<PairRecord, 'jobs' | 'bytesBilled'>>): bigint {
  let bytes = 0n;
  for (const { jobs, bytesBilled } of pairs) {
    bytes += bytesBilled;
    for (const job of jobs) if (job.billingUnknown) bytes += job.maximumBytesBilled;
  }
  return bytes;
}

/** True when the run has had the shared dataset, or had it from the start. */
export function isSharedThere(shared: SharedPlan, { pairs }: RunSnapshot): boolean {
  return shared.cached || [...pairs.values()].some((pair) => pair.dataset?.shared !== undefined);
}

/** Names a statement of a plan and the jobs that ran it. */
export function statementKey(datasetId: string, sqlSha256: string): string {
  return `${datasetId} ${sqlSha256}`;
}

/**
 * The plan of a run that goes on, when what is missing cannot be fetched under its approval any more: the same
 * statements with what was billed before, and so another hash to approve. Undefined when the approval suffices.
 *
 * @param repeatable keys of the statements that would not be billed again
 */
export function amendPlan(
  snapshot: RunSnapshot,
  repeatable: ReadonlySet<string>,
): { plan: Plan; problem: string } | undefined {
  const { plan, rerunOf } = snapshot.run;
  if (!plan || rerunOf !== '') return undefined;
  const open = [...snapshot.tasks.values()].filter((task) => !isTaskEnded(task.state));
  const missing = new Set(open.map((task) => task.pair));
  const left = <T extends Fetched>(each: T): T => ({ ...each, ...unpaid(each, plan, repeatable) });
  const pairs = plan.pairs.map((pair) => {
    const isThere = pair.cached || snapshot.pairs.get(pair.pair)?.dataset !== undefined;
    return left({ ...pair, cached: isThere || !missing.has(pair.pair) });
  });
  const cached = plan.shared && (isSharedThere(plan.shared, snapshot) || pairs.every((pair) => pair.cached));
  const shared = plan.shared && left({ ...plan.shared, cached: cached === true });
  const toFetch = [...pairs, ...(shared ? [shared] : [])].filter(({ cached }) => !cached);
  const neededBytes = toFetch.reduce((sum, pair) => sum + pair.bytes, 0n);
  const billedBytes = billedAtMost(snapshot.pairs.values());
  const problem = approvalProblem({ approvedBytes: approvedTotal(plan).bytes, billedBytes, neededBytes });
  if (!problem) return undefined;
  const amended = {
    ...plan,
    pairs,
    shared,
    bytes: neededBytes,
    usd: toFetch.reduce((sum, pair) => sum + pair.usd, 0),
    alreadyBilledBytes: billedBytes,
    alreadyBilledUsd: priceOf(billedBytes, plan),
  };
  return { plan: { ...amended, planHash: planHash(amended) }, problem };
}

type Fetched = PairPlan | SharedPlan;

/** What the statements of a dataset would still bill; a dataset that is there keeps its estimate. */
function unpaid(
  { datasetId, statements, cached, bytes, usd }: Fetched,
  plan: Plan,
  repeatable: ReadonlySet<string>,
): { bytes: bigint; usd: number } {
  if (cached) return { bytes, usd };
  const left = statements.filter((each) => !repeatable.has(statementKey(datasetId, each.sqlSha256)));
  const unpaidBytes = left.reduce((sum, statement) => sum + statement.bytes, 0n);
  return { bytes: unpaidBytes, usd: priceOf(unpaidBytes, plan) };
}

function priceOf(bytes: bigint, { pricePerTibUsd }: Plan): number {
  return (Number(bytes) / TIB) * pricePerTibUsd;
}
