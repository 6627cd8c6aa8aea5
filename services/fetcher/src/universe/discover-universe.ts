import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { FeatureGroup, FutureColumns } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { ExclusionReason, ReasonOf } from '@onescan/contract/reasons/reason.js';
import {
  type Catalogue,
  type CatalogueColumn,
  type CatalogueTable,
  tableText,
} from '../catalogue/catalogue.js';
import { isSameName, keyProblem } from '../catalogue/find-names.js';
import type { WarehouseNames } from '../catalogue/warehouse-names.js';
import { futurePattern } from './future-columns.js';
import { GlobSet } from './glob.js';
import { groupNotes, pairGroups } from './group-notes.js';
import { requireFamilies } from './missing-families.js';
import type { Universe, UniverseColumn, UniverseRequest } from './universe.js';

/**
 * Finds the tables and columns of a pair's universe. A table belongs to the first group that matches it.
 * Columns that cannot or must not be tested stay in the universe with the reason.
 *
 * @throws OnescanError NOT_FOUND when a group that is not optional, or every group, matches no table, or a family
 *   lacks the pair's table,
 *   FAILED_PRECONDITION when the number of columns is not the expected one
 */
export function discoverUniverse(catalogue: Catalogue, request: UniverseRequest): Universe {
  const available = catalogue.tables.filter((table) => table.schema === request.names.featureSchema);
  if (available.length === 0) throw noSchema(catalogue, request.names);
  const notes = requireFamilies(catalogue, request);
  const groups = pairGroups(request.groups, request.pair);
  if (!request.part) notes.push(...groupNotes(available, groups));
  const excluded = new GlobSet(request.exclude);
  const lineage = new Lineage(request.future, request.pair);
  const columns: UniverseColumn[] = [];
  const tables: CatalogueTable[] = [];
  const taken = new Set<string>();
  let removed = 0;
  for (const { group, globs } of groups) {
    const matching = available.filter((table) => !taken.has(table.name) && globs.matches(table.name));
    if (matching.length === 0) {
      if (!group.optional) throw emptyGroup(group, request);
      notes.push(planNote({ code: 'group_without_tables', facts: { group: group.name } }));
    }
    for (const table of matching) {
      taken.add(table.name);
      const found = tableColumns(table, { catalogue, group: group.name, request, excluded, lineage, notes });
      const kept = excluded.matches(table.name)
        ? []
        : found.filter(({ featureId }) => !excluded.matches(featureId));
      removed += found.length - kept.length;
      if (kept.length === 0) continue;
      tables.push(table);
      columns.push(...kept);
    }
  }
  if (taken.size === 0 && !request.part) throw nothingMatches(request);
  if (removed > 0) {
    notes.push(planNote({ code: 'columns_removed', facts: { columns: removed } }, removed));
  }
  requireExpected(columns, request);
  const judged = excludeCaseClashes(columns);
  return { columns: judged.columns, tables, notes: [...notes, ...lineage.notes(), ...judged.notes] };
}

function tableColumns(
  table: CatalogueTable,
  looking: {
    catalogue: Catalogue;
    group: string;
    request: UniverseRequest;
    excluded: GlobSet;
    lineage: Lineage;
    notes: PlanNote[];
  },
): UniverseColumn[] {
  const { catalogue, group, request, excluded, lineage, notes } = looking;
  const { keyColumn } = request.names;
  const problem = tableProblem(table, keyColumn, catalogue);
  const columns = table.columns.filter((column) => !isSameName(column.name, keyColumn));
  if (problem && !excluded.matches(table.name)) {
    notes.push(planNote(problem.note(columns.length), columns.length));
  }
  return columns.map((column) => {
    const exclusion =
      problem?.exclusion ??
      exclusionOf(column, request.futurePatterns) ??
      lineage.exclusion(table.name, column.name);
    return {
      featureId: `${table.name}.${column.name}`,
      group,
      table,
      column,
      ...(exclusion === undefined ? {} : { exclusion }),
    };
  });
}

/** What keeps all columns of a table from being read: said of each, and once of the table. */
interface TableProblem {
  readonly exclusion: ExclusionReason;
  note(columns: number): ReasonOf<'table_without_key' | 'table_that_cannot_be_read'>;
}

function tableProblem(
  { name: table, problem, columns: all }: CatalogueTable,
  keyColumn: string,
  catalogue: Pick<Catalogue, 'isKeyType'>,
): TableProblem | undefined {
  if (problem !== undefined) {
    return {
      exclusion: { code: 'unreadable_table', facts: { problem } },
      note: (columns) => ({ code: 'table_that_cannot_be_read', facts: { table, columns, problem } }),
    };
  }
  const key = keyProblem({ columns: all }, keyColumn, catalogue);
  if (key === undefined) return undefined;
  return {
    exclusion: { code: 'keyless_table', facts: key },
    note: (columns) => ({ code: 'table_without_key', facts: { table, columns, ...key } }),
  };
}

function exclusionOf(
  { name, type, kind, problem }: CatalogueColumn,
  futurePatterns: readonly RegExp[],
): ExclusionReason | undefined {
  if (problem !== undefined) return { code: 'unreadable_column', facts: { problem } };
  const pattern = futurePattern(name, futurePatterns);
  if (pattern) return { code: 'future_name', facts: { pattern: pattern.source } };
  if (kind === 'time') return { code: 'point_in_time', facts: { type } };
  return kind === 'other' ? { code: 'not_a_number', facts: { type } } : undefined;
}

function requireExpected(columns: readonly UniverseColumn[], request: UniverseRequest): void {
  const expected = request.expectedColumns;
  if (expected === undefined || columns.length === expected) return;
  const counts = new Map<string, number>();
  for (const { group } of columns) counts.set(group, (counts.get(group) ?? 0) + 1);
  const found = [...counts].map(([group, count]) => `${group} ${count}`).join(', ');
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `universe.expected_columns: ${request.pair} has ${columns.length} feature columns (${found}), not ${expected}`,
    {
      remedy: 'Check the warehouse, adjust universe.groups and universe.exclude, or expect the new number',
      details: { pair: request.pair, columns: columns.length, expected },
    },
  );
}

function emptyGroup(group: FeatureGroup, request: UniverseRequest): OnescanError {
  const globs = group.tables.map((glob) => glob.replaceAll('{pair}', request.pair)).join(', ');
  return new OnescanError(
    'NOT_FOUND',
    `group "${group.name}" of ${request.pair} matches no table: ${globs} in ${request.names.featureSchema}`,
    {
      remedy: 'Add the tables to the warehouse, or leave the group out of universe.groups',
      details: { pair: request.pair, group: group.name },
    },
  );
}

function nothingMatches({ pair, groups, names }: UniverseRequest): OnescanError {
  return new OnescanError(
    'NOT_FOUND',
    `none of the groups ${groups.map(({ name }) => name).join(', ')} of ${pair} matches a table in ${names.featureSchema}`,
    { remedy: 'Name groups that fit the tables in universe.groups', details: { pair } },
  );
}

function noSchema(catalogue: Catalogue, names: WarehouseNames): OnescanError {
  const schemas = [...new Set(catalogue.tables.map((table) => table.schema))].join(', ');
  const example = catalogue.tables[0] ? `, e.g. ${tableText(catalogue.tables[0])}` : '';
  return new OnescanError('NOT_FOUND', `the warehouse has no table in schema ${names.featureSchema}`, {
    remedy: schemas
      ? `It has the schemas ${schemas}${example}: give the right one to --features-schema`
      : 'It is empty: build it with `onescan warehouse build`',
  });
}

/** The columns that the spec says are made from later rows, and which of its rules have met some. */
class Lineage {
  readonly #rules: readonly { readonly rule: FutureColumns; readonly globs: GlobSet }[];
  readonly #met = new Set<FutureColumns>();

  constructor(rules: readonly FutureColumns[], pair: string) {
    this.#rules = rules.map((rule) => ({
      rule,
      globs: new GlobSet([rule.columns.replaceAll('{pair}', pair)]),
    }));
  }

  /** Why a column holds future values; undefined when no rule says so. */
  exclusion(table: string, column: string): ExclusionReason | undefined {
    const met = this.#rules.find(
      ({ globs }) => globs.matches(table) || globs.matches(`${table}.${column}`),
    )?.rule;
    if (!met) return undefined;
    this.#met.add(met);
    return { code: 'future_lineage', facts: { why: met.reason } };
  }

  /** A note for every rule that met no column: it may be misspelt. The same words for all pairs, which count them. */
  notes(): PlanNote[] {
    return this.#rules
      .filter(({ rule }) => !this.#met.has(rule))
      .map(({ rule }) =>
        planNote({ code: 'lineage_rule_without_columns', facts: { columns: rule.columns } }),
      );
  }
}

/**
 * Excludes columns whose feature id differs from an earlier one's only in case: dataset files and SQL on them do not
 * tell such names apart. BigQuery allows tables mom_eurusd and MOM_eurusd side by side.
 */
function excludeCaseClashes(columns: readonly UniverseColumn[]): {
  columns: UniverseColumn[];
  notes: PlanNote[];
} {
  const first = new Map<string, string>();
  const notes: PlanNote[] = [];
  const judged = columns.map((column): UniverseColumn => {
    if (column.exclusion !== undefined) return column;
    const { featureId } = column;
    const other = first.get(featureId.toLowerCase());
    if (other === undefined) {
      first.set(featureId.toLowerCase(), featureId);
      return column;
    }
    notes.push(planNote({ code: 'names_differ_in_case', facts: { feature: featureId, other } }));
    return { ...column, exclusion: { code: 'name_differs_in_case', facts: { other } } };
  });
  return { columns: judged, notes };
}
