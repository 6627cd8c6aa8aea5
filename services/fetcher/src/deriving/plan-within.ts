import { SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { DEFAULT_HORIZONS, targetColumn } from '@onescan/contract/horizon.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import type { Catalogue, CatalogueTable } from '../catalogue/catalogue.js';
import { keyRange } from '../planning/choose-sample.js';
import { type DatasetIdentity, datasetIdentity, type IdentityTable } from '../planning/dataset-identity.js';
import type { PlannedWithin } from '../planning/pair-plan.js';
import { type PlanningRules, sharedGroups } from '../planning/plan-pair.js';
import type { FetchQuery } from '../sql/fetch-query.js';
import { discoverUniverse } from '../universe/discover-universe.js';
import type { Universe } from '../universe/universe.js';
import { dialectNamed } from '../warehouse/warehouses.js';
import { shortfallText } from './covering-datasets.js';
import type { HeldDataset } from './held-dataset.js';
import { type Shortfall, shortfalls } from './shortfalls.js';

type Targets = NonNullable<FetchQuery['targets']>;

/**
 * Resolves a spec against the tables and columns that a pair's dataset holds instead of those of the warehouse. It has
 * the identity that a plan against the warehouse would give, had that nothing else and not changed.
 *
 * @param sharedDatasetId as of planPair
 * @throws OnescanError INVALID_ARGUMENT naming the field that asks for what the dataset does not hold
 */
export function planWithin(
  held: HeldDataset,
  spec: ResolvedRunSpec,
  { rules, sharedDatasetId }: { rules: PlanningRules; sharedDatasetId: string },
): PlannedWithin {
  const { identity } = held;
  const [source] = identity.sample.sources;
  if (!identity.targets || !source) throw refusal(held, { field: 'pairs', text: 'is no dataset of a pair' });
  const rows = requireSample(held, spec);
  const targets = wantedTargets(held, spec, source);
  const catalogue = heldCatalogue(identity);
  const universe = discoverWithin(held, catalogue, { spec, rules });
  const shared = { datasetId: sharedDatasetId, groups: sharedGroups(spec) };
  const { closes } = identity;
  const wanted = datasetIdentity({
    catalogue,
    dialect: identity.warehouse.dialect,
    pair: identity.pair,
    universe,
    query: {
      keyColumn: identity.keyColumn,
      targets,
      ...(closes ? { closes: { table: closes, column: closes.column } } : {}),
      sample: {
        sources: [{ table: source, rows, available: source.available }],
        seed: BigInt(identity.sample.seed),
        range: rangeOf(identity.sample),
      },
      tables: [],
    },
    ...(sharedDatasetId === '' ? {} : { shared }),
  });
  const [lacks] = shortfalls(held, wanted);
  if (lacks) throw refusal(held, lacks);
  return { wanted, universe, notes: universe.notes };
}

/** The rows that the spec asks for. */
function requireSample(held: HeldDataset, { period, sample }: ResolvedRunSpec): number {
  const has = held.identity.sample;
  const source = has.sources[0]!;
  const isDays = sample.strategy === SampleStrategy.SAMPLE_STRATEGY_DAYS;
  if (isDays !== (has.days !== undefined)) {
    throw refusal(held, { field: 'sample.strategy', text: 'has a sample of the other strategy' });
  }
  if (String(sample.seed) !== has.seed) {
    throw refusal(held, { field: 'sample.seed', text: `has the sample of seed ${has.seed}` });
  }
  const { from, to } = keyRange(period);
  if (from !== has.from || to !== has.to) {
    throw refusal(held, { field: 'period', text: 'has the sample of another period' });
  }
  const rows = Math.min(sample.rows, source.available);
  if (rows > held.rows) {
    throw refusal(held, { field: 'sample.rows', text: `has ${held.rows} rows, not ${sample.rows}` });
  }
  if (isDays && rows < held.rows) {
    const text = `has whole days for ${held.rows} rows, and ${sample.rows} rows would be of other days`;
    throw refusal(held, { field: 'sample.rows', text });
  }
  return rows;
}

/** As findTargets: the horizons of the spec and the default ones, of those that are there. */
function wantedTargets(held: HeldDataset, spec: ResolvedRunSpec, source: Targets['table']): Targets {
  const { window, horizons } = held.identity.targets!;
  if (window !== spec.targetWindow) {
    throw refusal(held, { field: 'targetWindow', text: `has targets of window ${window}` });
  }
  const missing = spec.horizons.filter((horizon) => !horizons.includes(horizon));
  if (missing.length > 0) {
    const text = `lacks the targets of ${missing.map((h) => `h${h}`).join(', ')}, it has those of ${horizons.map((h) => `h${h}`).join(', ')}`;
    throw refusal(held, { field: 'horizons', text });
  }
  const wanted = horizons.filter((h) => spec.horizons.includes(h) || DEFAULT_HORIZONS.includes(h));
  return {
    table: source,
    window,
    columns: wanted.map((horizon) => ({ horizon, column: targetColumn(window, horizon) })),
  };
}

function discoverWithin(
  held: HeldDataset,
  catalogue: Catalogue,
  { spec, rules }: { spec: ResolvedRunSpec; rules: PlanningRules },
): Universe {
  try {
    return discoverUniverse(catalogue, {
      pair: held.identity.pair,
      ...spec.universe,
      names: rules.names,
      futurePatterns: rules.futurePatterns,
    });
  } catch (thrown) {
    const error = OnescanError.from(thrown);
    if (error.code !== 'NOT_FOUND') throw error;
    throw refusal(held, { field: 'universe', text: `lacks something: ${error.message}` });
  }
}

/** The tables of a dataset as the warehouse had them, as far as the dataset knows them. */
function heldCatalogue({ keyColumn, warehouse, sample, closes, tables }: DatasetIdentity): Catalogue {
  const known = new Map<string, CatalogueTable>();
  const others = [...sample.sources, ...(closes ? [closes] : [])].map((table) => ({ ...table, columns: [] }));
  for (const table of [...others, ...tables]) {
    known.set(JSON.stringify([table.schema, table.name]), heldTable(table, keyColumn));
  }
  const order = ({ schema, name }: CatalogueTable): string => JSON.stringify([schema, name]);
  return {
    tables: [...known.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1)),
    fingerprint: warehouse.fingerprint,
    isKeyType: dialectNamed(warehouse.dialect).isKeyType,
  };
}

function heldTable(table: Omit<IdentityTable, 'group' | 'shared'>, keyColumn: string): CatalogueTable {
  const { schema, name, keyType, state, problem: unreadable, columns } = table;
  const key = keyType === undefined ? [] : [{ name: keyColumn, type: keyType, kind: 'time' as const }];
  const { rows = -1, minKey, maxKey, version } = state ?? {};
  return {
    schema,
    name,
    rows,
    ...(unreadable === undefined ? {} : { problem: unreadable }),
    ...(minKey === undefined ? {} : { minKey }),
    ...(maxKey === undefined ? {} : { maxKey }),
    ...(version === undefined ? {} : { version }),
    columns: [
      ...key,
      ...columns.map(({ name: column, type, kind, problem }) => ({
        name: column,
        type,
        kind,
        ...(problem === undefined ? {} : { problem }),
      })),
    ],
  };
}

function rangeOf({ from, to, days }: DatasetIdentity['sample']): FetchQuery['sample']['range'] {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(days === undefined ? {} : { days }),
  };
}

function refusal(held: HeldDataset, lacks: Shortfall): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `${lacks.field}: ${shortfallText({ held, lacks: [lacks] })}`, {
    remedy: 'Ask for what is there, or start a new run with `onescan run`, which plans and fetches it',
    details: { field: lacks.field, pair: held.identity.pair },
  });
}
