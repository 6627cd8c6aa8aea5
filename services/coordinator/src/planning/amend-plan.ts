import type { Plan, SharedPlan } from '@onescan/shared/generated/onescan/v1/plan.js';
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

/**
 * The plan of a run that goes on, when what is missing cannot be fetched under its approval any more: the same
 * statements with what was billed before, and so another hash to approve. Undefined when the approval suffices.
 */
export function amendPlan(snapshot: RunSnapshot): { plan: Plan; problem: string } | undefined {
  const { plan, rerunOf } = snapshot.run;
  if (!plan || rerunOf !== '') return undefined;
  const open = [...snapshot.tasks.values()].filter((task) => !isTaskEnded(task.state));
  const missing = new Set(open.map((task) => task.pair));
  const pairs = plan.pairs.map((pair) => {
    const isThere = pair.cached || snapshot.pairs.get(pair.pair)?.dataset !== undefined;
    return { ...pair, cached: isThere || !missing.has(pair.pair) };
  });
  const shared = plan.shared && {
    ...plan.shared,
    cached: isSharedThere(plan.shared, snapshot) || pairs.every(({ cached }) => cached),
  };
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
    alreadyBilledUsd: (Number(billedBytes) / TIB) * plan.pricePerTibUsd,
  };
  return { plan: { ...amended, planHash: planHash(amended) }, problem };
}
