import type { StrategyEstimate } from '@onescan/contract/generated/onescan/v1/plan.js';
import { SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { priceOf } from './price.js';

const STRATEGIES = [SampleStrategy.SAMPLE_STRATEGY_HASH, SampleStrategy.SAMPLE_STRATEGY_DAYS];

/** What planning and a dry run tell of a pair. */
export interface PairEstimate {
  readonly rows: number;
  /** Days whose partitions are read; 0 when the whole period is. */
  readonly days: number;
  readonly bytes: bigint;
}

/**
 * What each sampling strategy would read: that of the spec as it was estimated, the other by dry runs of its own. The
 * other failing (its text may be too long) is told, not thrown.
 */
export async function estimateStrategies(
  spec: ResolvedRunSpec,
  own: PairEstimate,
  options: { pricePerTibUsd: number; estimate: (spec: ResolvedRunSpec) => Promise<PairEstimate> },
): Promise<StrategyEstimate[]> {
  const estimates: StrategyEstimate[] = [];
  for (const strategy of STRATEGIES) {
    const chosen = strategy === spec.sample.strategy;
    try {
      const other = { ...spec, sample: { ...spec.sample, strategy } };
      const found = chosen ? own : await options.estimate(other);
      const usd = priceOf(found.bytes, options.pricePerTibUsd);
      estimates.push({ strategy, ...found, usd, problem: '', chosen });
    } catch (thrown) {
      const problem = OnescanError.from(thrown).message;
      estimates.push({ strategy, rows: 0, days: 0, bytes: 0n, usd: 0, problem, chosen });
    }
  }
  return estimates;
}
