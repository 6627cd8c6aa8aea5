import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import { DATASET_FORMAT_VERSION, SHARED_FORMAT_VERSION } from '@onescan/dataset/dataset.js';
import { MAX_ORDINAL_TEXTS } from '@onescan/dataset/judge-columns.js';
import { z } from 'zod';
import { type Catalogue, type TableName, tableText } from '../catalogue/catalogue.js';
import { findColumn } from '../catalogue/find-names.js';
import { type FetchQuery, persistenceSource } from '../sql/fetch-query.js';
import type { Universe } from '../universe/universe.js';
import { DIALECT_NAMES } from '../warehouse/warehouses.js';
import { exclusionKey } from './exclusion-key.js';

/** Raised whenever statements or judgements give the same facts another content. */
const CONTENT_VERSION = 1;

const TABLE = {
  schema: z.string(),
  name: z.string(),
  /** Type of the key column; absent without one. */
  keyType: z.string().optional(),
  /** The table's data as it was; absent when it is not read. */
  state: z
    .strictObject({
      rows: z.number(),
      minKey: z.number().optional(),
      maxKey: z.number().optional(),
      version: z.string().optional(),
    })
    .optional(),
};

const IDENTITY_COLUMN = z.strictObject({
  name: z.string(),
  type: z.string(),
  kind: z.enum(['number', 'bool', 'text', 'time', 'other']),
  /** Why no statement can read it. */
  problem: z.string().optional(),
  /** Why it is not fetched: of a plan the reason, of a dataset the key of it that its id is made from. */
  exclusion: z.custom<string | ExclusionReason>((stored) => typeof stored === 'string').optional(),
});

const IDENTITY_TABLE = z.strictObject({
  ...TABLE,
  group: z.string(),
  /** Why it cannot be read at all. */
  problem: z.string().optional(),
  /** True when its columns are in the shared dataset. */
  shared: z.literal(true).optional(),
  columns: z.array(IDENTITY_COLUMN),
});

const IDENTITY = z.strictObject({
  content: z.literal(CONTENT_VERSION),
  format: z.number(),
  maxOrdinalTexts: z.number(),
  warehouse: z.strictObject({ dialect: z.enum(DIALECT_NAMES), fingerprint: z.string() }),
  pair: z.string(),
  keyColumn: z.string(),
  sample: z.strictObject({
    seed: z.string(),
    from: z.number().optional(),
    to: z.number().optional(),
    days: z.array(z.string()).optional(),
    sources: z.array(z.strictObject({ ...TABLE, rows: z.number(), available: z.number() })),
  }),
  /** Of the one source; absent in a shared dataset. */
  targets: z
    .strictObject({ window: z.number(), horizons: z.array(z.number()), persistence: z.number() })
    .optional(),
  closes: z.strictObject({ ...TABLE, column: z.string() }).optional(),
  /** The whole universe in stable order. */
  tables: z.array(IDENTITY_TABLE),
  /** The dataset that it refers to. */
  sharedDatasetId: z.string().optional(),
});

/** Every fact that determines what a dataset holds; neither how many statements bring it nor what they look like. */
export type DatasetIdentity = z.infer<typeof IDENTITY>;
export type IdentityTable = z.infer<typeof IDENTITY_TABLE>;
export type IdentityColumn = z.infer<typeof IDENTITY_COLUMN>;

/** What a dataset is made of, as it was planned. */
export interface IdentityFacts {
  readonly catalogue: Catalogue;
  readonly dialect: string;
  readonly pair: string;
  readonly universe: Universe;
  /** Of all statements together. */
  readonly query: FetchQuery;
  readonly shared?: { readonly datasetId: string; readonly groups: ReadonlySet<string> };
}

export function datasetIdentity(facts: IdentityFacts): DatasetIdentity {
  const { catalogue, query, shared } = facts;
  const { targets, closes, sample } = query;
  const known = new Map(catalogue.tables.map((table) => [tableText(table), table]));
  const tableFacts = (
    { schema, name }: TableName,
    isRead = true,
  ): Pick<IdentityTable, keyof typeof TABLE> => {
    const table = known.get(tableText({ schema, name }))!;
    const keyType = findColumn(table, query.keyColumn)?.type;
    const { rows, minKey, maxKey, version } = table;
    return { schema, name, keyType, ...(isRead ? { state: { rows, minKey, maxKey, version } } : {}) };
  };
  return {
    content: CONTENT_VERSION,
    format: targets && !shared ? DATASET_FORMAT_VERSION : SHARED_FORMAT_VERSION,
    maxOrdinalTexts: MAX_ORDINAL_TEXTS,
    warehouse: { dialect: facts.dialect, fingerprint: catalogue.fingerprint },
    pair: facts.pair,
    keyColumn: query.keyColumn,
    sample: {
      seed: String(sample.seed),
      from: sample.range.from,
      to: sample.range.to,
      days: sample.range.days && [...sample.range.days],
      sources: sample.sources.map(({ table, rows, available }) => ({
        ...tableFacts(table),
        rows,
        available,
      })),
    },
    targets: targets && {
      window: targets.window,
      horizons: targets.columns.map(({ horizon }) => horizon),
      persistence: persistenceSource(targets).horizon,
    },
    closes: closes && { ...tableFacts(closes.table), column: closes.column },
    tables: identityTables(facts, tableFacts),
    sharedDatasetId: shared?.datasetId,
  };
}

function identityTables(
  { universe, shared }: IdentityFacts,
  tableFacts: (table: TableName, isRead: boolean) => Pick<IdentityTable, keyof typeof TABLE>,
): IdentityTable[] {
  return universe.tables.map((table) => {
    const own = universe.columns.filter((column) => column.table === table);
    const { group } = own[0]!;
    const isShared = shared?.groups.has(group) === true;
    const isRead = !isShared && own.some(({ exclusion }) => exclusion === undefined);
    return {
      ...tableFacts(table, isRead),
      group,
      problem: table.problem,
      ...(isShared ? { shared: true } : {}),
      columns: own.map(({ column: { name, type, kind, problem }, exclusion }) => ({
        name,
        type,
        kind,
        problem,
        exclusion,
      })),
    };
  });
}

/** The text that a dataset keeps, and the dataset's id: its SHA-256. */
export function identityText(identity: DatasetIdentity): { identity: string; datasetId: string } {
  const tables = identity.tables.map((table) => ({
    ...table,
    columns: table.columns.map(({ exclusion, ...column }) => ({
      ...column,
      exclusion: typeof exclusion === 'object' ? exclusionKey(exclusion) : exclusion,
    })),
  }));
  const text = canonicalJson({ ...identity, tables });
  return { identity: text, datasetId: sha256Hex(text) };
}

/** Undefined for the text of a dataset that an earlier version has made. */
export function parseIdentity(text: string): DatasetIdentity | undefined {
  try {
    return IDENTITY.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Columns whose values a dataset's own statements bring. */
export function fetchedColumns({ tables }: DatasetIdentity): number {
  return tables.reduce(
    (sum, { shared, columns }) =>
      sum + (shared ? 0 : columns.filter(({ exclusion }) => exclusion === undefined).length),
    0,
  );
}
