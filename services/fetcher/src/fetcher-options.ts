import { OnescanError } from '@onescan/contract/onescan-error.js';
import { requireSecurity } from '@onescan/process/grpc/service-security.js';
import { METRICS_FLAG } from '@onescan/process/metrics/metrics-flag.js';
import { requireMetricsAddress } from '@onescan/process/metrics/start-metrics.js';
import {
  choice,
  DATABASE_FOLDER,
  dollars,
  FILE,
  type FlagKind,
  LISTEN_ADDRESS,
  memory,
  textOf,
  wholeNumber,
} from '@onescan/process/service/flag-kinds.js';
import {
  type FlagTable,
  type FlagValues,
  flagNotAllowed,
  readFlags,
} from '@onescan/process/service/flag-table.js';
import { LISTEN_FLAGS } from '@onescan/process/service/listen-flags.js';
import { CALLER_FLAGS, TLS_FLAGS, withTlsEnvironment } from '@onescan/process/service/security-flags.js';
import { DEFAULT_WAREHOUSE_NAMES, type WarehouseNames } from './catalogue/warehouse-names.js';
import type { SqlStrategy } from './sql/sql-dialect.js';
import { FUTURE_COLUMN_PATTERNS } from './universe/future-columns.js';
import type { ChosenWarehouse, WarehouseKind } from './warehouse/warehouse-kind.js';
import { WAREHOUSE_FLAGS, WAREHOUSES, warehouseKindOf } from './warehouse/warehouses.js';

export const FETCHER = 'fetcher';

/** Below this Node and DuckDB do not fit. */
const MIN_PROCESS_BYTES = 128 * 1024 ** 2;
const MAX_FETCHES = 64;
const MIN_STATEMENT = 3;
/** Values travel in arrays, which BigQuery may not count: docs/bigquery.md. */
const MAX_STATEMENT_COLUMNS = 1_000_000;
const MAX_STATEMENT_TABLES = Math.max(...WAREHOUSES.map(({ limits }) => limits.tables));
const MAX_GRACE_MS = 3_600_000;
const MAX_PRICE_USD = 1_000_000;

const NAME = textOf(/./, 'NAME', 'a name');
const WAREHOUSE = textOf(/\S/, WAREHOUSES[0]!.address[0], 'the folder or the address of a warehouse');
const BILLERS = WAREHOUSES.flatMap(({ biller }) => biller ?? []).join(', ');
const LIMITS = WAREHOUSES[0]!.limits;
const PATTERN: FlagKind<RegExp> = { value: 'REGEX', allowed: 'a regular expression', read: toPattern };

/** Every flag of the process, by the option it sets; docs/operations.md holds the same table. */
export const FETCHER_FLAGS = {
  ...LISTEN_FLAGS,
  ...TLS_FLAGS,
  ...CALLER_FLAGS,
  datasetsListen: {
    kind: LISTEN_ADDRESS,
    doc: 'a second address, which hands datasets to trainers and does nothing else: a network can then keep them from `--listen`',
  },
  warehouse: {
    kind: WAREHOUSE,
    required: true,
    doc: WAREHOUSES.map(({ address: [example, meaning] }) => `\`${example}\`: ${meaning}`).join('; or '),
  },
  cache: {
    kind: DATABASE_FOLDER,
    required: true,
    doc: 'datasets and the job log; created when missing',
  },
  grantKey: {
    kind: FILE,
    doc: `key that the coordinator signs approvals with, made (0600) where it is missing: give both the same; needed with ${BILLERS} ([security](security.md#money))`,
  },
  pricePerTibUsd: {
    kind: dollars(0, MAX_PRICE_USD),
    flag: 'price-per-tib',
    unset: WAREHOUSES.map(({ kind, pricePerTibUsd }) => `${pricePerTibUsd} (${kind})`).join(', '),
    doc: 'price of a TiB that is billed',
  },
  featuresSchema: {
    kind: NAME,
    unset: DEFAULT_WAREHOUSE_NAMES.featureSchema,
    doc: 'schema of the tables of features',
  },
  targetsSchema: {
    kind: NAME,
    unset: DEFAULT_WAREHOUSE_NAMES.targetSchema,
    doc: 'schema of the tables of targets',
  },
  featuresDataset: {
    kind: NAME,
    unset: 'as `--features-schema`',
    doc: 'the same for BigQuery, which calls schemas datasets',
  },
  targetsDataset: { kind: NAME, unset: 'as `--targets-schema`', doc: 'the same for BigQuery' },
  keyColumn: {
    kind: NAME,
    default: DEFAULT_WAREHOUSE_NAMES.keyColumn,
    doc: 'column of the keys that all tables share',
  },
  ...WAREHOUSE_FLAGS,
  futurePatterns: {
    kind: PATTERN,
    flag: 'future-pattern',
    many: true,
    doc: 'further names of columns that hold future values; may be repeated',
  },
  sqlStrategy: {
    kind: choice<SqlStrategy | 'auto'>('auto', 'pack', 'join'),
    default: 'auto',
    doc: 'how the tables of a statement are put together; auto: by their number',
  },
  statementColumns: {
    kind: wholeNumber(MIN_STATEMENT, MAX_STATEMENT_COLUMNS),
    unset: String(LIMITS.columns),
    doc: 'values for a key that one statement may bring; more are split',
  },
  statementTables: {
    kind: wholeNumber(MIN_STATEMENT, MAX_STATEMENT_TABLES),
    unset: String(LIMITS.tables),
    doc: 'tables that one statement may read; more are split',
  },
  maxFetches: {
    kind: wholeNumber(1, MAX_FETCHES),
    default: '2',
    doc: 'fetches that work at the same time',
  },
  memoryLimit: {
    kind: textOf(/^[1-9]\d*(KB|MB|GB|KiB|MiB|GiB)$/, 'SIZE', 'a size such as 512MB or 2GB'),
    default: '1GB',
    doc: 'buffers of a statement on an embedded warehouse',
  },
  processMemoryBytes: {
    kind: memory(MIN_PROCESS_BYTES),
    flag: 'process-memory',
    default: '8GiB',
    doc: "memory of the whole process above which running fetches are given up; a container's limit counts too",
  },
  graceMs: {
    kind: wholeNumber(0, MAX_GRACE_MS),
    default: '30000',
    doc: 'time for running fetches to end after SIGTERM',
  },
  orphanGraceMs: {
    kind: wholeNumber(0, MAX_GRACE_MS),
    default: '60000',
    doc: 'time that a fetch goes on after its callers have gone',
  },
  ...METRICS_FLAG,
} as const satisfies FlagTable;

type FetcherFlags = FlagValues<typeof FETCHER_FLAGS>;

export interface FetcherOptions extends Omit<FetcherFlags, 'warehouse' | 'sqlStrategy'> {
  readonly warehouse: ChosenWarehouse;
  readonly names: WarehouseNames;
  readonly pricePerTibUsd: number;
  /** Those that are always there, then those of the command line. */
  readonly futurePatterns: readonly RegExp[];
  /** Undefined: by the number of tables. */
  readonly sqlStrategy?: SqlStrategy;
  /** Of one statement; a universe beyond them is split. */
  readonly statementColumns: number;
  readonly statementTables: number;
}

/**
 * Reads the flags.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the flag
 */
export function parseFetcherOptions(args: readonly string[]): FetcherOptions {
  return fetcherOptions(readFlags(FETCHER, FETCHER_FLAGS, args));
}

/**
 * Puts the flags together to what the fetcher works with.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the flag that does not go with another
 */
export function fetcherOptions(given: FetcherFlags): FetcherOptions {
  const flags = withTlsEnvironment(given);
  requireSecurity(flags, { '--listen': flags.listen, '--datasets-listen': flags.datasetsListen });
  requireMetricsAddress('--metrics-listen', flags.metricsListen);
  const { sqlStrategy, statementTables, ...same } = flags;
  const { kind, address } = warehouseKindOf(flags.warehouse);
  const { limits } = kind;
  if (statementTables !== undefined && statementTables > limits.tables) {
    throw flagNotAllowed('--statement-tables', String(statementTables), `at most ${limits.tables}`);
  }
  const warehouse = kind.choose(address, flags);
  requireGrantKey(kind, flags);
  return {
    ...same,
    warehouse,
    pricePerTibUsd: flags.pricePerTibUsd ?? kind.pricePerTibUsd,
    statementColumns: flags.statementColumns ?? limits.columns,
    statementTables: statementTables ?? limits.tables,
    names: {
      ...DEFAULT_WAREHOUSE_NAMES,
      featureSchema: schemaName(flags, 'features') ?? DEFAULT_WAREHOUSE_NAMES.featureSchema,
      targetSchema: schemaName(flags, 'targets') ?? DEFAULT_WAREHOUSE_NAMES.targetSchema,
      keyColumn: flags.keyColumn,
    },
    futurePatterns: [...FUTURE_COLUMN_PATTERNS.map((text) => new RegExp(text, 'i')), ...flags.futurePatterns],
    ...(sqlStrategy === 'auto' ? {} : { sqlStrategy }),
  };
}

/** Where statements cost money, none is run that nobody approved. */
function requireGrantKey({ biller }: WarehouseKind, { grantKey }: FetcherFlags): void {
  if (biller === undefined || grantKey !== undefined) return;
  throw new OnescanError('INVALID_ARGUMENT', `--grant-key: missing, and ${biller} bills what is fetched`, {
    remedy:
      'Give the fetcher and the coordinator the same --grant-key FILE, which is made when it is missing: nothing is billed then that the coordinator did not approve',
  });
}

function schemaName(flags: FetcherFlags, kind: 'features' | 'targets'): string | undefined {
  const schema = flags[`${kind}Schema`];
  const dataset = flags[`${kind}Dataset`];
  if (schema === undefined || dataset === undefined) return schema ?? dataset;
  throw new OnescanError('INVALID_ARGUMENT', `--${kind}-dataset and --${kind}-schema name the same`, {
    remedy: 'Give one of them',
  });
}

function toPattern(text: string): RegExp | undefined {
  try {
    return new RegExp(text, 'i');
  } catch {
    return undefined;
  }
}
