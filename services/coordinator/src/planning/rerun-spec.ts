import { type FeatureGroup, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type ResolvedRunSpec, resolveRunSpec } from '@onescan/contract/run-spec.js';

/** Fields that a rerun may set anew: how to learn, and what part of the earlier run's datasets to learn from. */
const REPLACEABLE = [
  'preset',
  'overrides',
  'maxWorkers',
  'memoryPerWorkerBytes',
  'schedulingPolicy',
  'seed',
  'pairs',
  'horizons',
  'sample.rows',
  'universe.groups',
  'universe.exclude',
  'universe.expectedColumns',
];

/** Fields whose parts are named one by one. */
const NESTED = ['universe', 'sample', 'period'];

/**
 * The spec of a rerun: that of the earlier run, with what is given in its place. Pairs and groups are some of the earlier
 * run's, groups by their names; what is excluded is excluded beside what was before. A pilot is not repeated: what it
 * would tell is known.
 *
 * @throws OnescanError INVALID_ARGUMENT when the given spec sets a field that needs other datasets, or names a pair or a
 *   group that the earlier run does not have
 */
export function rerunSpec(earlier: ResolvedRunSpec, given: RunSpec | undefined): ResolvedRunSpec {
  const set = fieldsOf(given);
  const refused = set.filter((field) => !REPLACEABLE.includes(field));
  if (refused.length > 0) {
    throw new OnescanError('INVALID_ARGUMENT', `${refused.join(', ')}: cannot be set in a rerun`, {
      remedy: `A rerun learns from the earlier run's datasets and may set ${REPLACEABLE.join(', ')}; for anything else start a new run with \`onescan run\``,
      details: { field: refused[0]! },
    });
  }
  const other = set.filter((field) => !field.includes('.') && field !== 'pairs');
  const replaced = Object.fromEntries(other.map((field) => [field, given?.[field as keyof RunSpec]]));
  const pairs = given?.pairs ?? [];
  requireKnown('pairs', pairs, earlier.pairs);
  return resolveRunSpec({
    ...earlier,
    ...replaced,
    ...(pairs.length > 0 ? { pairs } : {}),
    universe: rerunUniverse(earlier.universe, given?.universe),
    sample: { ...earlier.sample, rows: given?.sample?.rows ?? earlier.sample.rows },
    pilotPair: '',
  });
}

/** True when a rerun takes a part of the datasets instead of all of them. */
export function isPartOf(spec: ResolvedRunSpec, earlier: ResolvedRunSpec): boolean {
  const asked = ({ horizons, universe, sample }: ResolvedRunSpec): string =>
    JSON.stringify(RunSpec.toJSON(RunSpec.fromPartial({ horizons, universe, sample })));
  return asked(spec) !== asked(earlier);
}

/** The fields that a spec sets, as docs/run-spec.md names them. */
function fieldsOf(given: RunSpec | undefined): string[] {
  const set = (given ? RunSpec.toJSON(given) : {}) as Record<string, object>;
  return Object.entries(set).flatMap(([field, value]) =>
    NESTED.includes(field) ? Object.keys(value).map((part) => `${field}.${part}`) : [field],
  );
}

function rerunUniverse(
  earlier: ResolvedRunSpec['universe'],
  given: RunSpec['universe'],
): ResolvedRunSpec['universe'] {
  const { groups = [], exclude = [], expectedColumns } = given ?? {};
  const { expectedColumns: before, ...universe } = earlier;
  const names = groups.map(({ name }) => name);
  requireKnown(
    'universe.groups',
    names,
    earlier.groups.map(({ name }) => name),
  );
  const isSame = groups.length === 0 && exclude.length === 0;
  const expected = expectedColumns ?? (isSame ? before : undefined);
  return {
    ...universe,
    groups: groups.length === 0 ? earlier.groups : groups.map((group) => groupOf(earlier.groups, group)),
    exclude: [...new Set([...earlier.exclude, ...exclude])],
    ...(expected === undefined ? {} : { expectedColumns: expected }),
  };
}

/** A group that is asked for by name must be there. */
function groupOf(groups: readonly FeatureGroup[], { name, tables }: FeatureGroup): FeatureGroup {
  const known = groups.find((group) => group.name === name)!;
  if (tables.length > 0 && tables.join() !== known.tables.join()) {
    throw new OnescanError('INVALID_ARGUMENT', `universe.groups: "${name}" has other tables than before`, {
      remedy: `Leave its tables out, they were ${known.tables.join(', ')}, or start a new run with \`onescan run\``,
      details: { field: 'universe.groups' },
    });
  }
  return { ...known, tables: [...known.tables], optional: false };
}

function requireKnown(field: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new OnescanError('INVALID_ARGUMENT', `${field}: the earlier run has no "${unknown}"`, {
    remedy: `It has ${known.join(', ')}; for others start a new run with \`onescan run\``,
    details: { field },
  });
}
