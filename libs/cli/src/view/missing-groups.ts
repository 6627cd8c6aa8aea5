import { RUN_SPEC_DEFAULTS } from '@onescan/shared/run-spec.js';

/**
 * What to say when a warehouse lacks feature groups that a run tests by default, e.g. because no three of
 * its pairs form a triangle; undefined when it has them all.
 */
export function missingGroupsText(groups: Readonly<Record<string, unknown>>): string | undefined {
  const names = RUN_SPEC_DEFAULTS.groups.map((group) => group.name);
  const present = names.filter((name) => name in groups);
  if (present.length === names.length) return undefined;
  const missing = names.filter((name) => !(name in groups));
  return (
    `No ${missing.join(', ')} tables can be made of these pairs. Give plan and run the groups that are there: ` +
    `--groups ${present.join(',')}`
  );
}
