import type { PairPlan, Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import type { KnownSample } from '@onescan/learn/sizing/sample-need.js';
import { checkMemory, type TrainerRoom } from './check-memory.js';
import { exactOutlook, expectedOutlook, isHopeless, sampleRefusal, withSampleNotes } from './check-sample.js';
import { type AskPair, findRemedy } from './find-remedy.js';
import type { KnownSamples } from './known-samples.js';

/** What a plan is held against before anything is paid for. */
export interface LearnableChecks {
  readonly known: KnownSamples;
  /** Those that are connected; none where they come later. */
  readonly trainers: readonly TrainerRoom[];
  /** Plans a pair with another spec. */
  readonly ask: AskPair;
}

/**
 * Holds every pair of a plan against what learning will ask of it, by the code that learns: memory, rows, columns. Exactly
 * where the fetcher knows the rows, else by the size of the sample.
 *
 * @returns the plan with a note for every pair of which horizons cannot or may not be learned
 * @throws OnescanError INVALID_ARGUMENT naming a field when no horizon of a pair can be, with a remedy that was tried
 */
export async function checkLearnable(
  spec: ResolvedRunSpec,
  plan: Plan,
  { known, trainers, ask }: LearnableChecks,
): Promise<Plan> {
  const pairs: PairPlan[] = [];
  for (const pair of plan.pairs) {
    checkMemory(spec, pair, trainers);
    pairs.push(await checkPair(spec, pair, known.get(pair.pair), ask));
  }
  return { ...plan, pairs };
}

async function checkPair(
  spec: ResolvedRunSpec,
  pair: PairPlan,
  known: KnownSample | undefined,
  ask: AskPair,
): Promise<PairPlan> {
  // A fetcher that tells neither rows nor their number.
  if (!known && pair.periodRows === 0) return pair;
  const outlook = known ? await exactOutlook(spec, pair, known) : expectedOutlook(spec, pair);
  if (!isHopeless(spec, outlook)) return withSampleNotes(pair, outlook);
  throw sampleRefusal(spec, pair, outlook, known && (await findRemedy({ spec, pair, known }, ask)));
}
