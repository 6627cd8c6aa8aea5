import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatBytes, parseBytes } from '@onescan/shared/format/bytes.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { DEFAULT_WAREHOUSE_NAMES, type WarehouseNames } from './catalogue/warehouse-names.js';
import {
  type FlagTable,
  type FlagValues,
  flagHelp,
  HELP,
  numberIn,
  wholeNumberIn,
  wrongFlag,
} from './flags/flag-table.js';
import type { SqlStrategy } from './sql/sql-dialect.js';
import { FUTURE_COLUMN_PATTERNS } from './universe/future-columns.js';
import type { ChosenWarehouse, WarehouseKind } from './warehouse/warehouse-kind.js';
import { WAREHOUSE_FLAGS, WAREHOUSES, warehouseKindOf } from './warehouse/warehouses.js';

export interface FetcherOptions {
  listen: string;
  warehouse: ChosenWarehouse;
  cache: string;
  /** File of the key that approvals are signed with; undefined: fetches are not checked for one. */
  grantKey?: string;
  pricePerTibUsd: number;
  names: WarehouseNames;
  futurePatterns: RegExp[];
  /** Undefined: by the number of tables. */
  sqlStrategy?: SqlStrategy;
  /** Of one statement; a universe beyond them is split. */
  statementColumns: number;
  statementTables: number;
  maxFetches: number;
  /** DuckDB's buffer limit for statements on an embedded warehouse. */
  memoryLimit: string;
  /** Memory of the whole process above which running fetches are given up. */
  processMemoryBytes: number;
  graceMs: number;
  /** How long a fetch goes on after its callers have gone. */
  orphanGraceMs: number;
}

/** Below this Node and DuckDB do not fit. */
const MIN_PROCESS_BYTES = 128 * 1024 ** 2;
const MAX_FETCHES = 64;
const MIN_STATEMENT = 3;
/** Values travel in arrays, which BigQuery may not count: docs/bigquery.md. */
const MAX_STATEMENT_COLUMNS = 1_000_000;
const MAX_GRACE_MS = 3_600_000;
const MAX_PRICE_USD = 1_000_000;

const FLAGS: FlagTable = {
  listen: {
    argument: 'HOST:PORT',
    help: ['default 127.0.0.1:0 (a free port, announced on stdout)'],
    default: '127.0.0.1:0',
  },
  warehouse: {
    argument: WAREHOUSES[0]!.address[0],
    help: WAREHOUSES.map(({ address: [example, meaning] }, i) =>
      i === 0 ? meaning : `or ${example}: ${meaning}`,
    ),
  },
  cache: { argument: 'DIR', help: ['folder of datasets and of the job log; created when missing'] },
  'grant-key': {
    argument: 'FILE',
    help: [
      'key that the coordinator signs approvals with, made when missing: give both the same;',
      `needed with ${WAREHOUSES.flatMap(({ biller }) => biller ?? []).join(', ')} (docs/security.md)`,
    ],
  },
  'price-per-tib': {
    argument: 'USD',
    help: [
      `default ${WAREHOUSES.map(({ kind, pricePerTibUsd }) => `${pricePerTibUsd} (${kind})`).join(', ')}`,
    ],
  },
  'features-schema': { argument: 'NAME', help: [`default ${DEFAULT_WAREHOUSE_NAMES.featureSchema}`] },
  'targets-schema': { argument: 'NAME', help: [`default ${DEFAULT_WAREHOUSE_NAMES.targetSchema}`] },
  'features-dataset': { argument: 'NAME', help: ['the same for BigQuery, which calls schemas datasets'] },
  'targets-dataset': { argument: 'NAME', help: ['the same for BigQuery'] },
  ...WAREHOUSE_FLAGS,
  'key-column': {
    argument: 'NAME',
    help: [`default ${DEFAULT_WAREHOUSE_NAMES.keyColumn}`],
    default: DEFAULT_WAREHOUSE_NAMES.keyColumn,
  },
  'future-pattern': {
    argument: 'REGEX',
    help: ['further names of columns that hold future values; may be repeated'],
    multiple: true,
  },
  'sql-strategy': {
    argument: 'NAME',
    help: ['pack, join or auto (default: by the number of tables)'],
    default: 'auto',
  },
  'statement-columns': {
    argument: 'N',
    help: [
      `values for a key that one statement may bring, default ${WAREHOUSES[0]!.limits.columns}; more are split`,
    ],
  },
  'statement-tables': {
    argument: 'N',
    help: [`tables that one statement may read, default ${WAREHOUSES[0]!.limits.tables}`],
  },
  'max-fetches': { argument: 'N', help: ['fetches that work at the same time, default 2'], default: '2' },
  'memory-limit': {
    argument: 'SIZE',
    help: ['buffers of a statement on an embedded warehouse, default 1GB'],
    default: '1GB',
  },
  'process-memory': {
    argument: 'SIZE',
    help: [
      'memory of the whole process above which fetches are given up, default 8GiB;',
      "a container's limit counts too",
    ],
    default: '8GiB',
  },
  'grace-ms': {
    argument: 'N',
    help: ['time for running fetches to end after SIGTERM, default 30000'],
    default: '30000',
  },
  'orphan-grace-ms': {
    argument: 'N',
    help: ['time a fetch goes on after its callers have gone, default 60000'],
    default: '60000',
  },
};

/** Usage text, one line a flag. */
export const USAGE = `usage: node services/fetcher/dist/main.js --warehouse DIR --cache DIR [options]
${flagHelp(FLAGS)}`;

/**
 * Reads the flags.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the flag
 */
export function parseFetcherOptions(args: readonly string[]): FetcherOptions {
  const flags = readFlags(args);
  const text = (flag: string): string => flags.text(flag)!;
  const { kind, address } = warehouseKindOf(required('warehouse', flags));
  const { limits, pricePerTibUsd } = kind;
  return {
    listen: text('listen'),
    warehouse: kind.choose(address, flags),
    cache: resolve(required('cache', flags)),
    ...grantKey(kind, flags),
    pricePerTibUsd: optional('price-per-tib', flags, pricePerTibUsd, (flag, value) =>
      numberIn(flag, value, [0, MAX_PRICE_USD]),
    ),
    names: {
      ...DEFAULT_WAREHOUSE_NAMES,
      featureSchema: schemaName(flags, 'features') ?? DEFAULT_WAREHOUSE_NAMES.featureSchema,
      targetSchema: schemaName(flags, 'targets') ?? DEFAULT_WAREHOUSE_NAMES.targetSchema,
      keyColumn: text('key-column'),
    },
    futurePatterns: [...FUTURE_COLUMN_PATTERNS, ...flags.all('future-pattern')].map(toPattern),
    ...sqlStrategy(text('sql-strategy')),
    statementColumns: optional('statement-columns', flags, limits.columns, (flag, value) =>
      wholeNumberIn(flag, value, [MIN_STATEMENT, MAX_STATEMENT_COLUMNS]),
    ),
    statementTables: optional('statement-tables', flags, limits.tables, (flag, value) =>
      wholeNumberIn(flag, value, [MIN_STATEMENT, limits.tables]),
    ),
    maxFetches: wholeNumberIn('max-fetches', text('max-fetches'), [1, MAX_FETCHES]),
    memoryLimit: size('memory-limit', text('memory-limit')),
    processMemoryBytes: bytes('process-memory', text('process-memory')),
    graceMs: wholeNumberIn('grace-ms', text('grace-ms'), [0, MAX_GRACE_MS]),
    orphanGraceMs: wholeNumberIn('orphan-grace-ms', text('orphan-grace-ms'), [0, MAX_GRACE_MS]),
  };
}

function readFlags(args: readonly string[]): FlagValues {
  const options = Object.entries(FLAGS).map(([name, { multiple = false }]) => [
    name,
    { type: 'string' as const, multiple },
  ]);
  try {
    const { values } = parseArgs({ args: [...args], options: Object.fromEntries(options) });
    const given = new Map(Object.entries(values).map(([flag, value]) => [flag, [value].flat().map(String)]));
    return {
      text: (flag) => given.get(flag)?.[0] ?? FLAGS[flag]?.default,
      all: (flag) => given.get(flag) ?? [],
    };
  } catch (thrown) {
    throw new OnescanError('INVALID_ARGUMENT', thrown instanceof Error ? thrown.message : String(thrown), {
      remedy: HELP,
    });
  }
}

function optional<T>(
  flag: string,
  flags: FlagValues,
  otherwise: T,
  read: (flag: string, value: string) => T,
): T {
  const value = flags.text(flag);
  return value === undefined ? otherwise : read(flag, value);
}

/** Where statements cost money, none is run that nobody approved. */
function grantKey({ biller }: WarehouseKind, flags: FlagValues): { grantKey?: string } {
  if (flags.text('grant-key') !== undefined) return { grantKey: resolve(required('grant-key', flags)) };
  if (biller === undefined) return {};
  throw new OnescanError('INVALID_ARGUMENT', `--grant-key: missing, and ${biller} bills what is fetched`, {
    remedy:
      'Give the fetcher and the coordinator the same --grant-key FILE, which is made when it is missing: nothing is billed then that the coordinator did not approve',
  });
}

function schemaName(flags: FlagValues, kind: 'features' | 'targets'): string | undefined {
  const schema = flags.text(`${kind}-schema`);
  const dataset = flags.text(`${kind}-dataset`);
  if (schema === undefined || dataset === undefined) return schema ?? dataset;
  throw wrongFlag(`${kind}-dataset`, dataset, `to be given together with --${kind}-schema`);
}

function required(flag: string, flags: FlagValues): string {
  const value = flags.text(flag);
  if (value) return value;
  throw wrongFlag(flag, value ?? '', 'a folder');
}

function size(flag: string, text: string): string {
  if (/^[1-9]\d*(KB|MB|GB|KiB|MiB|GiB)$/.test(text)) return text;
  throw wrongFlag(flag, text, 'a size such as 512MB or 2GB');
}

function bytes(flag: string, text: string): number {
  const value = parseBytes(text);
  if (value !== undefined && value >= MIN_PROCESS_BYTES) return value;
  throw wrongFlag(flag, text, `an amount of memory of at least ${formatBytes(MIN_PROCESS_BYTES)}`);
}

function sqlStrategy(text: string): { sqlStrategy?: SqlStrategy } {
  if (text === 'auto') return {};
  if (text === 'pack' || text === 'join') return { sqlStrategy: text };
  throw wrongFlag('sql-strategy', text, 'pack, join or auto');
}

function toPattern(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch {
    throw wrongFlag('future-pattern', text, 'a regular expression');
  }
}
