import type { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan, Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { type AskAgainOptions, askAgain } from '../fetcher/ask-again.js';
import { askPairEstimate } from '../fetcher/ask-fetcher.js';
import type { RunSnapshot } from '../model/run-record.js';
import { boundedMap } from './bounded-map.js';
import { checkSample } from './check-sample.js';
import { makeRerunPlan } from './make-plan.js';
import { isPartOf } from './rerun-spec.js';

/** Pairs that are planned at the same time; each may read a dataset in full to check it. */
const PAIRS_AT_ONCE = 2;
const DEADLINE_MS = 10 * 60_000;

/**
 * The plan of a rerun: the earlier run's datasets, or the parts of them that the spec asks for. The fetcher is asked only
 * for parts, and never asks the warehouse.
 *
 * @throws OnescanError FAILED_PRECONDITION when the earlier run lacks a plan or a dataset, INVALID_ARGUMENT naming the
 *   field that asks for more than a dataset holds
 */
export async function rerunPlan(
  fetcher: FetcherServiceClient,
  { earlier, spec }: { earlier: RunSnapshot; spec: ResolvedRunSpec },
  asking: AskAgainOptions,
): Promise<Plan> {
  const { plan } = earlier.run;
  if (!plan) {
    throw new OnescanError('FAILED_PRECONDITION', `run ${earlier.run.runId} was never planned`, {
      remedy: 'Start a new run',
    });
  }
  const fetched = [...earlier.pairs.values()].filter((pair) => pair.dataset !== undefined);
  const datasetIds = new Map(fetched.map((pair) => [pair.pair, pair.dataset!.datasetId]));
  const whole = makeRerunPlan(spec, { plan, datasetIds });
  if (!isPartOf(spec, earlier.run.spec)) return checkSample(spec, whole);
  const sharesStill = spec.universe.groups.some(({ shared }) => shared);
  const shared = sharesStill ? plan.shared : undefined;
  const parts = await boundedMap(whole.pairs, PAIRS_AT_ONCE, async (before) => {
    const { pair, datasetId: withinDatasetId } = before;
    const request = { spec, pair, sharedDatasetId: shared?.datasetId ?? '', withinDatasetId };
    const options = { deadlineMs: DEADLINE_MS, signal: asking.signal };
    const answer = await askAgain(() => askPairEstimate(fetcher, request, options), asking);
    return partOf(before, answer.plan);
  });
  const earlierPlan = { ...plan, pairs: parts, shared };
  const partIds = new Map(parts.map(({ pair, datasetId }) => [pair, datasetId]));
  return checkSample(spec, makeRerunPlan(spec, { plan: earlierPlan, datasetIds: partIds }));
}

/** What reading the warehouse would cost, and what is known of the period, stays that of the earlier plan. */
function partOf(before: PairPlan, part: PairPlan): PairPlan {
  const { datasetId, servedFrom, tables, columns, includedColumns, exclusions, targets, rows, notes } = part;
  const held = { datasetId, servedFrom, tables, columns, includedColumns, exclusions, targets, rows, notes };
  return { ...before, ...held };
}
