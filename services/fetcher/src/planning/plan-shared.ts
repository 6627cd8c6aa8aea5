import type { SharedPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { SHARED_PAIR } from '@onescan/dataset/dataset.js';
import { tableText } from '../catalogue/catalogue.js';
import type { FetchQuery } from '../sql/fetch-query.js';
import { discoverUniverse } from '../universe/discover-universe.js';
import type { WarehouseView } from '../warehouse/warehouse.js';
import { chooseSample } from './choose-sample.js';
import { chooseStatements } from './choose-statements.js';
import { datasetIdentity, identityText } from './dataset-identity.js';
import { fetchTables, requireUniqueKeys } from './fetch-tables.js';
import { type Estimate, statementPlan } from './pair-plan.js';
import { type PlannedPair, type PlanningRules, targetsTables, trialRules } from './plan-pair.js';
import { priceOf } from './price.js';
import { tablesOfRun, tablesRead } from './run-tables.js';
import { splitNotes, withoutRefused } from './split-notes.js';

/**
 * Resolves what the pairs of a spec share: the tables of its shared groups over the keys that any pair samples, each
 * pair by the same hash from its own targets table. A key that a pair lacks is no row of its dataset; so the datasets
 * hold what the pairs would have fetched themselves.
 *
 * @returns undefined when no shared group has a column to fetch
 * @throws OnescanError as {@link planPair}
 */
export async function planShared(
  warehouse: WarehouseView,
  spec: ResolvedRunSpec,
  rules: PlanningRules,
): Promise<PlannedPair | undefined> {
  const groups = spec.universe.groups.filter((group) => group.shared);
  if (groups.length === 0) return undefined;
  const catalogue = await warehouse.readCatalogue(tablesOfRun(spec, rules.names));
  const { expectedColumns: _, ...selection } = spec.universe;
  const discovered = discoverUniverse(catalogue, {
    pair: SHARED_PAIR,
    ...selection,
    // A shared group without tables is for the pairs' plans to judge.
    groups: groups.map((group) => ({ ...group, optional: true })),
    names: rules.names,
    futurePatterns: rules.futurePatterns,
    part: true,
  });
  const tables = fetchTables(discovered);
  if (tables.length === 0) return undefined;
  const targets = targetsTables(catalogue, spec, rules.names);
  await requireUniqueKeys(warehouse, [...targets, ...tables.map(({ table }) => table)]);
  const samples = [];
  for (const table of targets) {
    samples.push(await chooseSample(warehouse, table, spec, { common: targets, ofRun: () => targets }));
  }
  const query: FetchQuery = {
    keyColumn: rules.names.keyColumn,
    sample: {
      sources: samples.map(({ rows, available }, i) => {
        const { schema, name } = targets[i]!;
        return { table: { schema, name }, rows, available };
      }),
      seed: spec.sample.seed,
      range: samples[0]!.range,
    },
    tables,
  };
  const chosen = await chooseStatements(warehouse, query, trialRules(warehouse, rules));
  const { statements, refused } = chosen;
  if (refused.length === tables.length) return undefined;
  const universe = withoutRefused(discovered, refused);
  const rows = Math.max(...samples.map((sample) => sample.rows));
  const dialect = warehouse.dialect.name;
  const facts = datasetIdentity({ catalogue, dialect, pair: SHARED_PAIR, universe, query });
  return {
    pair: SHARED_PAIR,
    facts,
    ...identityText(facts),
    universe,
    statements,
    splitKey: chosen.key,
    refused: refused.map(({ table }) => tableText(table.table)),
    tables: tablesRead(catalogue, statements),
    rows,
    rowsAtMost: samples.reduce((sum, sample) => sum + sample.rows, 0),
    // What else there is to say of the tables, the pairs' plans say.
    notes: splitNotes(chosen, rules.pricePerTibUsd ?? 0),
  };
}

/** The plan of the shared dataset as it goes over the wire. */
export function sharedPlan(planned: PlannedPair, estimate: Estimate): SharedPlan {
  const { universe, statements } = planned;
  const bytes = estimate.bytes.reduce((sum, each) => sum + each, 0n);
  return {
    datasetId: planned.datasetId,
    statements: statements.map((statement, i) => statementPlan(statement, estimate.bytes[i]!)),
    tables: universe.tables.length,
    columns: universe.columns.length,
    includedColumns: universe.columns.filter((column) => column.exclusion === undefined).length,
    bytes,
    usd: priceOf(bytes, estimate.pricePerTibUsd),
    cached: estimate.cached,
    servedFrom: estimate.servedFrom ?? '',
    notes: [...planned.notes],
    rowsAtLeast: planned.rows,
    rowsAtMost: planned.rowsAtMost,
    strategies: [],
  };
}
