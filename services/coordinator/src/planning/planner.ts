import { randomUUID } from 'node:crypto';
import type { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan, Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { SharedGroups } from '@onescan/contract/generated/onescan/v1/spec.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { preciseNowMs } from '@onescan/process/telemetry/tracing.js';
import { type AskAgainOptions, askAgain } from '../fetcher/ask-again.js';
import { askPairEstimate, askSharedEstimate } from '../fetcher/ask-fetcher.js';
import { boundedMap } from './bounded-map.js';
import type { PairCatalogues } from './catalogue-since-approval.js';
import { checkLearnable } from './check-learnable.js';
import type { TrainerRoom } from './check-memory.js';
import { knownSamples } from './known-samples.js';
import { makePlan } from './make-plan.js';
import { withSharedOnce } from './shared-once.js';

/** Dry runs under way at the same time. */
const ESTIMATES_AT_ONCE = 4;

/** A dry run over hundreds of tables can take minutes on a busy warehouse. */
const ESTIMATE_DEADLINE_MS = 10 * 60_000;

export interface PlanScope {
  /** Those that are connected, for what their memory holds. */
  readonly trainers?: readonly TrainerRoom[];
  /** Of the spec; default all. */
  readonly pairs?: readonly string[];
  /** Called with every estimate and when it was asked for. */
  readonly onEstimate?: (plan: PairPlan, startedMs: number) => void;
}

/**
 * Asks the fetcher to dry-run what the pairs share, when that is fetched once, then every pair, and makes the plan.
 *
 * @throws OnescanError as the fetcher sends it, e.g. FAILED_PRECONDITION for an unexpected column count;
 *   INVALID_ARGUMENT when a pair cannot be learned
 */
export async function planRun(
  fetcher: FetcherServiceClient,
  spec: ResolvedRunSpec,
  asking: AskAgainOptions,
  { trainers = [], pairs = spec.pairs, onEstimate }: PlanScope = {},
): Promise<{ plan: Plan; catalogues: PairCatalogues }> {
  // All estimates see the catalogue as it is at the first of them.
  const planId = randomUUID();
  const options = { deadlineMs: ESTIMATE_DEADLINE_MS, signal: asking.signal };
  const shared =
    spec.sharedGroups === SharedGroups.SHARED_GROUPS_ONCE
      ? await askAgain(() => askSharedEstimate(fetcher, { spec, planId }, options), asking)
      : undefined;
  const sharedDatasetId = shared?.plan?.datasetId ?? '';
  const estimates = await boundedMap(pairs, ESTIMATES_AT_ONCE, async (pair) => {
    const startedMs = preciseNowMs();
    const request = { spec, pair, sharedDatasetId, planId };
    const estimate = await askAgain(() => askPairEstimate(fetcher, request, options), asking);
    onEstimate?.(estimate.plan, startedMs);
    return estimate;
  });
  const catalogues = new Map(estimates.map(({ plan, catalogue }) => [plan.pair, catalogue]));
  const plan = await checkLearnable(spec, makePlan(spec, estimates, shared), {
    known: knownSamples(estimates),
    trainers,
    ask: async (changed, pair) => {
      const request = { spec: changed, pair, sharedDatasetId, planId };
      try {
        const estimate = await askPairEstimate(fetcher, request, options);
        return { pair: estimate.plan, known: knownSamples([estimate]).get(pair) };
      } catch {
        // What cannot be planned is no remedy.
        return undefined;
      }
    },
  });
  const isWhole = pairs.length === spec.pairs.length;
  return {
    plan: isWhole ? await withSharedOnce(fetcher, spec, plan, { planId, signal: asking.signal }) : plan,
    catalogues,
  };
}
