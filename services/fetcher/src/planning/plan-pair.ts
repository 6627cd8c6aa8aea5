import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { ReasonFacts } from '@onescan/contract/reasons/reason.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { type Catalogue, type CatalogueTable, tableText } from '../catalogue/catalogue.js';
import { findColumn, findTable, keyProblem } from '../catalogue/find-names.js';
import type { WarehouseNames } from '../catalogue/warehouse-names.js';
import type { FetchQuery } from '../sql/fetch-query.js';
import type { SqlStrategy } from '../sql/sql-dialect.js';
import type { StatementLimits } from '../sql/statement-limits.js';
import { discoverUniverse } from '../universe/discover-universe.js';
import type { Universe } from '../universe/universe.js';
import type { WarehouseView } from '../warehouse/warehouse.js';
import { type ChosenSample, chooseSample } from './choose-sample.js';
import { chooseStatements } from './choose-statements.js';
import { coverageNotes, ownSpan, type TargetsSpan, tablesWithColumns } from './coverage-notes.js';
import { type DatasetIdentity, datasetIdentity, identityText } from './dataset-identity.js';
import { fetchTables, requireUniqueKeys } from './fetch-tables.js';
import { findTargets } from './find-targets.js';
import { keyNotes } from './key-notes.js';
import { KnownSplits } from './known-splits.js';
import { featuresOfRun, tablesOfRun, tablesRead, targetsOfRun } from './run-tables.js';
import { splitNotes, withoutRefused } from './split-notes.js';
import type { EstimatedStatement, TrialRules } from './statement-trials.js';

export interface PlanningRules {
  readonly names: WarehouseNames;
  readonly futurePatterns: readonly RegExp[];
  /** Default: by the number of tables. */
  readonly sqlStrategy?: SqlStrategy;
  /** Default: those of the warehouse. */
  readonly limits?: Partial<StatementLimits>;
  /** Default: nothing is known, and nothing remembered. */
  readonly known?: KnownSplits;
  /** As of {@link TrialRules}. */
  readonly presume?: boolean;
  /** Default: 0. */
  readonly pricePerTibUsd?: number;
}

/** All that is decided about a dataset before anything is fetched. */
export interface PlannedPair {
  /** "shared" for the dataset of what all pairs share. */
  readonly pair: string;
  readonly datasetId: string;
  /** What the dataset id is the hash of, and its canonical JSON. */
  readonly facts: DatasetIdentity;
  readonly identity: string;
  readonly universe: Universe;
  /** All take the same keys; the first brings the targets too. */
  readonly statements: readonly EstimatedStatement[];
  /** Names the query among those that were split. */
  readonly splitKey: string;
  /** Tables that no statement can read, as "schema.table". */
  readonly refused: readonly string[];
  /** The tables that the statements read, as they were. */
  readonly tables: readonly CatalogueTable[];
  /** Rows that the sample will hold, at least for the keys of several tables. */
  readonly rows: number;
  readonly rowsAtMost: number;
  /** Of the sample of one pair; see PairPlan. */
  readonly periodRows?: number;
  readonly days?: number;
  readonly dayRows?: number;
  /** The dataset that holds the columns of the shared groups, and their names. */
  readonly shared?: { readonly datasetId: string; readonly groups: ReadonlySet<string> };
  readonly notes: readonly PlanNote[];
}

/**
 * Resolves a spec for a pair against the warehouse as it is now: universe, sample, statements, identity.
 *
 * @param sharedDatasetId when the columns of shared groups are in that dataset and are not fetched
 * @throws OnescanError naming what the warehouse lacks or holds twice, before anything is fetched
 */
export async function planPair(
  warehouse: WarehouseView,
  pair: string,
  spec: ResolvedRunSpec,
  rules: PlanningRules,
  sharedDatasetId = '',
): Promise<PlannedPair> {
  const catalogue = await warehouse.readCatalogue(
    tablesOfRun({ ...spec, pairs: [...spec.pairs, pair] }, rules.names),
  );
  const found = findTargets(catalogue, pair, spec, rules.names);
  const discovered = discoverUniverse(catalogue, {
    pair,
    ...spec.universe,
    names: rules.names,
    futurePatterns: rules.futurePatterns,
  });
  const shared =
    sharedDatasetId === '' ? undefined : { datasetId: sharedDatasetId, groups: sharedGroups(spec) };
  const tables = fetchTables(discovered, shared?.groups);
  if (tables.length === 0 && !shared) throw nothingToFetch(pair, discovered);
  const { closes, notes: closesNotes } = findCloses(catalogue, pair, rules.names);
  await requireUniqueKeys(warehouse, [
    found.table,
    ...(closes ? [closes.table] : []),
    ...tables.map((t) => t.table),
  ]);
  const sample = await chooseSample(warehouse, found.table, spec, {
    ...(shared ? { common: targetsTables(catalogue, spec, rules.names) } : {}),
    ofRun: () => targetsOfRun(catalogue, spec, rules.names),
  });
  const { range, rows, available } = sample;
  const query: FetchQuery = {
    keyColumn: rules.names.keyColumn,
    targets: found.targets,
    ...(closes ? { closes } : {}),
    sample: {
      sources: [{ table: found.targets.table, rows, available }],
      seed: spec.sample.seed,
      range,
    },
    tables,
  };
  const chosen = await chooseStatements(warehouse, query, trialRules(warehouse, rules));
  const { statements, refused } = chosen;
  const universe = withoutRefused(discovered, refused);
  if (refused.length === tables.length && !shared) throw nothingToFetch(pair, universe);
  const span = targetsSpan(found.table, sample);
  const facts = datasetIdentity({
    catalogue,
    dialect: warehouse.dialect.name,
    pair,
    universe,
    query,
    ...(shared ? { shared } : {}),
  });
  return {
    pair,
    facts,
    ...identityText(facts),
    universe,
    statements,
    splitKey: chosen.key,
    refused: refused.map(({ table }) => tableText(table.table)),
    tables: tablesRead(catalogue, statements),
    rows,
    rowsAtMost: rows,
    periodRows: sample.periodRows,
    days: sample.days,
    dayRows: sample.days > 0 ? sample.available : 0,
    ...(shared ? { shared } : {}),
    notes: [
      ...universe.notes,
      ...found.notes,
      ...splitNotes(chosen, rules.pricePerTibUsd ?? 0),
      ...closesNotes,
      ...sample.notes,
      ...(await coverageNotes(warehouse, span, universe, () => featuresOfRun(catalogue, spec, rules.names))),
      ...(await keyNotes(warehouse, found.table, tablesWithColumns(universe), span)),
    ],
  };
}

/** Names of the groups that are the same for every pair. */
export function sharedGroups({ universe }: ResolvedRunSpec): Set<string> {
  return new Set(universe.groups.filter((group) => group.shared).map(({ name }) => name));
}

/** The targets tables of all pairs of a spec, in its order. */
export function targetsTables(
  catalogue: Catalogue,
  spec: ResolvedRunSpec,
  names: WarehouseNames,
): CatalogueTable[] {
  return spec.pairs.map((pair) => findTargets(catalogue, pair, spec, names).table);
}

export function trialRules(
  { dialect, limits }: Pick<WarehouseView, 'dialect' | 'limits'>,
  rules: PlanningRules,
): TrialRules {
  const { known = new KnownSplits({ warehouse: '' }), presume = true } = rules;
  return {
    dialect,
    known,
    presume,
    limits: { ...limits, ...rules.limits },
    ...(rules.sqlStrategy ? { sqlStrategy: rules.sqlStrategy } : {}),
  };
}

function targetsSpan(table: CatalogueTable, { span, available }: ChosenSample): TargetsSpan {
  const own = ownSpan(table);
  return own ? { ...own, rows: table.rows } : { ...span, rows: available };
}

function nothingToFetch(pair: string, universe: Universe): OnescanError {
  return new OnescanError(
    'FAILED_PRECONDITION',
    `the universe of ${pair} holds ${universe.columns.length} columns and every one is excluded`,
    { remedy: 'Change universe.groups or universe.exclude in the spec', details: { pair } },
  );
}

/**
 * Finds the closing prices of a pair, from which the known part of targets is computed. Without them nothing else is
 * lost: there is a note instead.
 */
function findCloses(
  catalogue: Catalogue,
  pair: string,
  { featureSchema, closesTable, closesColumn, keyColumn }: WarehouseNames,
): { closes?: NonNullable<FetchQuery['closes']>; notes: PlanNote[] } {
  const wanted = closesTable.replaceAll('{pair}', pair);
  const lost = (
    column: string,
    facts: Omit<ReasonFacts<'no_overlap_baseline'>, 'column'>,
  ): { notes: PlanNote[] } => ({
    notes: [planNote({ code: 'no_overlap_baseline', facts: { column, ...facts } })],
  });
  const table = findTable(catalogue, featureSchema, wanted);
  const column = table && findColumn(table, closesColumn);
  if (!table || !column) return lost(`${wanted}.${closesColumn}`, { problem: 'missing', pair });
  const featureId = `${table.name}.${column.name}`;
  if (column.kind !== 'number') return lost(featureId, { problem: 'not_a_number', type: column.type });
  const inTable = { table: table.name };
  if (table.problem !== undefined)
    return lost(featureId, { problem: 'unreadable', ...inTable, words: table.problem });
  const key = keyProblem(table, keyColumn, catalogue);
  if (key !== undefined) return lost(featureId, { problem: 'without_key', ...inTable, ...key });
  return { closes: { table: { schema: table.schema, name: table.name }, column: column.name }, notes: [] };
}
