import type { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type ResolvedRunSpec, resolveRunSpec } from '@onescan/contract/run-spec.js';
import { LearnInputError, resolveLearnConfig } from '@onescan/learn';

/**
 * Fills in a spec's defaults and checks everything that can be checked without the warehouse, overrides of
 * the learning engine included.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the field
 */
export function checkSpec(spec: RunSpec): ResolvedRunSpec {
  const resolved = resolveRunSpec(spec);
  checkOverrides(resolved);
  return resolved;
}

/** @throws OnescanError INVALID_ARGUMENT when preset and overrides do not make a configuration */
export function checkOverrides(spec: ResolvedRunSpec): void {
  try {
    resolveLearnConfig(spec.preset, spec.overrides);
  } catch (thrown) {
    if (!(thrown instanceof LearnInputError)) throw thrown;
    throw new OnescanError('INVALID_ARGUMENT', `overrides: ${thrown.message}`, {
      remedy: 'docs/learning-settings.md lists the keys, their bounds and their values in each preset',
      details: { field: 'overrides' },
      cause: thrown,
    });
  }
}
