import { RunSpec } from '@onescan/shared/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { type ResolvedRunSpec, resolveRunSpec } from '@onescan/shared/run-spec.js';

/** Fields that a rerun may set anew: none of them changes what the datasets hold. */
const REPLACEABLE = ['preset', 'overrides', 'maxWorkers', 'memoryPerWorkerBytes', 'schedulingPolicy', 'seed'];

/**
 * The spec of a rerun: that of the earlier run, with preset, overrides, seed and worker settings replaced
 * where they are given. A pilot is not repeated: what it would tell is known.
 *
 * @throws OnescanError INVALID_ARGUMENT when the given spec sets a field that would need other datasets
 */
export function rerunSpec(earlier: ResolvedRunSpec, given: RunSpec | undefined): ResolvedRunSpec {
  const set = Object.keys((given ? RunSpec.toJSON(given) : {}) as Record<string, unknown>);
  const refused = set.filter((field) => !REPLACEABLE.includes(field));
  if (refused.length > 0) {
    throw new OnescanError('INVALID_ARGUMENT', `${refused.join(', ')}: cannot be set in a rerun`, {
      remedy: `A rerun trains on the earlier run's datasets; it may set ${REPLACEABLE.join(', ')}`,
      details: { field: refused[0]! },
    });
  }
  const replaced = Object.fromEntries(set.map((field) => [field, given?.[field as keyof RunSpec]]));
  return resolveRunSpec({ ...earlier, ...replaced, pilotPair: '' });
}
