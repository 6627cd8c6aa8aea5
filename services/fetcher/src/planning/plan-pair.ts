import { canonicalJson, sha256Hex } from '@onescan/shared/canonical-json.js';
import { DATASET_FORMAT_VERSION } from '@onescan/shared/dataset/dataset.js';
import { MAX_ORDINAL_TEXTS } from '@onescan/shared/dataset/judge-columns.js';
import type { PlanNote } from '@onescan/shared/generated/onescan/v1/plan.js';
import { SampleStrategy } from '@onescan/shared/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { ResolvedRunSpec } from '@onescan/shared/run-spec.js';
import type { FetchQuery, FetchTable } from '../sql/fetch-query.js';
import type { SqlStrategy } from '../sql/sql-dialect.js';
import { discoverUniverse } from '../universe/discover-universe.js';
import type { Universe } from '../universe/universe.js';
import {
  type Catalogue,
  type CatalogueTable,
  type KeyRange,
  type KeySpan,
  type TableName,
  tableText,
  type Warehouse,
} from '../warehouse/warehouse.js';
import type { WarehouseNames } from '../warehouse/warehouse-names.js';
import { chooseDays } from './choose-days.js';
import { coverageNotes, ownSpan } from './coverage-notes.js';
import { cutDayNotes, spanOfDays } from './day-span.js';
import { findTargets } from './find-targets.js';
import { keyText } from './key-text.js';
import { planNote } from './plan-note.js';
import { type PlannedStatement, splitStatements } from './split-statements.js';
import { DEFAULT_STATEMENT_LIMITS, type StatementLimits } from './statement-limits.js';

const MICROS_PER_MILLI = 1000;

export interface PlanningRules {
  readonly names: WarehouseNames;
  readonly futurePatterns: readonly RegExp[];
  /** Default: by the number of tables. */
  readonly sqlStrategy?: SqlStrategy;
  /** Default: {@link DEFAULT_STATEMENT_LIMITS}. */
  readonly limits?: Partial<StatementLimits>;
}

/** All that is decided about a dataset before anything is fetched. */
export interface PlannedPair {
  readonly pair: string;
  readonly datasetId: string;
  /** Canonical JSON of what the dataset id is the hash of. */
  readonly identity: string;
  readonly universe: Universe;
  /** All take the same keys; the first brings the targets too. */
  readonly statements: readonly PlannedStatement[];
  /** Rows that the sample will hold. */
  readonly rows: number;
  readonly notes: readonly PlanNote[];
}

/**
 * Resolves a spec for a pair against the warehouse as it is now: universe, sample, statement, identity.
 *
 * @throws OnescanError naming what the warehouse lacks or holds twice, before anything is fetched
 */
export async function planPair(
  warehouse: Warehouse,
  pair: string,
  spec: ResolvedRunSpec,
  rules: PlanningRules,
): Promise<PlannedPair> {
  const catalogue = await warehouse.readCatalogue();
  const found = findTargets(catalogue, pair, spec, rules.names);
  const universe = discoverUniverse(catalogue, {
    pair,
    ...spec.universe,
    names: rules.names,
    futurePatterns: rules.futurePatterns,
  });
  const tables = fetchTables(universe);
  if (tables.length === 0) throw nothingToFetch(pair, universe);
  const closes = findCloses(catalogue, pair, rules.names);
  await requireUniqueKeys(warehouse, [
    found.table,
    ...(closes ? [closes.table] : []),
    ...tables.map((t) => t.table),
  ]);
  const sample = await chooseSample(warehouse, found.table, spec);
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
  const split = splitStatements(query, {
    dialect: warehouse.dialect,
    limits: { ...DEFAULT_STATEMENT_LIMITS, ...rules.limits },
    ...(rules.sqlStrategy ? { sqlStrategy: rules.sqlStrategy } : {}),
  });
  const identity = identityOf({ catalogue, pair, universe, statements: split.statements, rows });
  return {
    pair,
    datasetId: sha256Hex(identity),
    identity,
    universe,
    statements: split.statements,
    rows,
    notes: [
      ...universe.notes,
      ...found.notes,
      ...(split.reason === undefined ? [] : [splitNote(split.statements.length, split.reason)]),
      ...(closes ? [] : [noCloses(pair, rules.names)]),
      ...sample.notes,
      ...(await coverageNotes(warehouse, ownSpan(found.table) ?? sample.span, universe)),
    ],
  };
}

function splitNote(statements: number, reason: string): PlanNote {
  const text = `${statements} statements instead of one: ${reason}; each but the first reads the keys again`;
  return planNote('split statements', text, statements);
}

function noCloses(pair: string, names: WarehouseNames): PlanNote {
  const source = `${names.closesTable.replaceAll('{pair}', pair)}.${names.closesColumn}`;
  return planNote('no overlap baseline', `${pair} has no ${source}: the overlap baseline cannot be computed`);
}

function fetchTables(universe: Universe): FetchTable[] {
  return universe.tables
    .map((table) => {
      const columns = universe.columns
        .filter((column) => column.table === table && column.exclusionReason === undefined)
        .map(({ column }) => column);
      return {
        table: { schema: table.schema, name: table.name },
        numbers: columns.filter((column) => column.kind !== 'text'),
        texts: columns.filter((column) => column.kind === 'text'),
      };
    })
    .filter(({ numbers, texts }) => numbers.length + texts.length > 0);
}

function findCloses(
  catalogue: Catalogue,
  pair: string,
  names: WarehouseNames,
): { table: TableName; column: string } | undefined {
  const name = names.closesTable.replaceAll('{pair}', pair);
  const table = catalogue.tables.find((t) => t.schema === names.featureSchema && t.name === name);
  const hasColumn = (wanted: string): boolean =>
    table?.columns.some((column) => column.name === wanted) ?? false;
  if (!table || !hasColumn(names.closesColumn) || !hasColumn(names.keyColumn)) return undefined;
  return { table: { schema: table.schema, name: table.name }, column: names.closesColumn };
}

async function requireUniqueKeys(warehouse: Warehouse, tables: readonly TableName[]): Promise<void> {
  const distinct = [...new Map(tables.map((table) => [tableText(table), table])).values()];
  const doubled = await warehouse.findDoubledKeys(distinct);
  const worst = doubled[0];
  if (!worst) return;
  const time = new Date(worst.key / MICROS_PER_MILLI).toISOString();
  const others = doubled.slice(1).map(({ table }) => tableText(table));
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `table ${tableText(worst.table)} holds the key ${time} ${worst.times} times${others.length > 0 ? `; ${others.join(', ')} hold doubled keys too` : ''}`,
    {
      remedy:
        'Remove the doubled rows from the warehouse, or the table from the universe with universe.exclude',
      details: { table: tableText(worst.table) },
    },
  );
}

interface ChosenSample {
  range: KeyRange;
  rows: number;
  /** Rows known to be in the range; more when it cuts days whose rows cannot be counted. */
  available: number;
  span: KeySpan;
  notes: PlanNote[];
}

async function chooseSample(
  warehouse: Warehouse,
  targets: CatalogueTable,
  spec: ResolvedRunSpec,
): Promise<ChosenSample> {
  const range: KeyRange = {
    ...(spec.period.from === '' ? {} : { from: Date.parse(spec.period.from) * MICROS_PER_MILLI }),
    ...(spec.period.to === '' ? {} : { to: Date.parse(spec.period.to) * MICROS_PER_MILLI }),
  };
  const days = await warehouse.countDays(targets, range);
  const available = days.reduce((sum, day) => sum + day.rows, 0);
  if (available === 0) {
    const { minKey, maxKey } = targets;
    const covers = minKey === undefined ? '' : `; the table covers ${keyText(minKey)} to ${keyText(maxKey)}`;
    const whole = warehouse.countsWholeDays ? ' It must hold a whole UTC day.' : '';
    throw new OnescanError('FAILED_PRECONDITION', `${tableText(targets)} has no rows in the period`, {
      remedy: `Change period in the spec${covers}.${whole}`,
    });
  }
  const facts = { notes: warehouse.countsWholeDays ? cutDayNotes(range) : [], span: spanOfDays(days) };
  const rows = Math.min(spec.sample.rows, available);
  if (spec.sample.strategy !== SampleStrategy.SAMPLE_STRATEGY_DAYS)
    return { range, rows, available, ...facts };
  const chosen = chooseDays(days, rows, spec.sample.seed);
  const held = days.filter(({ day }) => chosen.includes(day)).reduce((sum, day) => sum + day.rows, 0);
  return { range: { ...range, days: chosen }, rows, available: held, ...facts };
}

function identityOf(facts: {
  catalogue: Catalogue;
  pair: string;
  universe: Universe;
  statements: readonly PlannedStatement[];
  rows: number;
}): string {
  const { catalogue, pair, universe, statements } = facts;
  const reads = statements.flatMap(({ statement }) => statement.reads);
  const read = new Set(reads.map(({ table }) => tableText(table)));
  const targets = statements[0]!.query.targets!;
  const hashes = statements.map(({ statement }) => sha256Hex(statement.sql));
  return canonicalJson({
    format: DATASET_FORMAT_VERSION,
    pair,
    sqlSha256: hashes.length === 1 ? hashes[0] : hashes,
    rows: facts.rows,
    targetWindow: targets.window,
    horizons: targets.columns.map(({ horizon }) => horizon),
    columnsSha256: sha256Hex(
      canonicalJson(
        universe.columns.map((c) => [c.featureId, c.group, c.column.type, c.exclusionReason ?? '']),
      ),
    ),
    maxOrdinalTexts: MAX_ORDINAL_TEXTS,
    tables: catalogue.tables
      .filter((table) => read.has(tableText(table)))
      .map((table) => [
        tableText(table),
        table.rows,
        table.minKey ?? null,
        table.maxKey ?? null,
        ...(table.version === undefined ? [] : [table.version]),
      ]),
    warehouse: catalogue.fingerprint,
  });
}

function nothingToFetch(pair: string, universe: Universe): OnescanError {
  return new OnescanError(
    'FAILED_PRECONDITION',
    `the universe of ${pair} holds ${universe.columns.length} columns and every one is excluded`,
    { remedy: 'Change universe.groups or universe.exclude in the spec', details: { pair } },
  );
}
