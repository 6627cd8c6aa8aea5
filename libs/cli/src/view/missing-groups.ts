import { DEFAULT_GROUPS } from '@onescan/contract/run-spec-fields.js';

/**
 * What to say when a warehouse lacks feature groups that a run tests by default, e.g. because no three of
 * its pairs form a triangle; undefined when it has them all.
 */
export function missingGroupsText(groups: Readonly<Record<string, unknown>>): string | undefined {
  const missing = DEFAULT_GROUPS.map(({ name }) => name).filter((name) => !(name in groups));
  if (missing.length === 0) return undefined;
  return `No ${missing.join(', ')} tables can be made of these pairs; runs on them go without, and their plans say so.`;
}
