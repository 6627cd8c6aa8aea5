import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatBytes, parseBytes } from '@onescan/shared/format/bytes.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { DEFAULT_WAREHOUSE_NAMES, type WarehouseNames } from './catalogue/warehouse-names.js';
import { DEFAULT_PRICE_PER_TIB_USD } from './planning/price.js';
import { DEFAULT_STATEMENT_LIMITS } from './planning/statement-size.js';
import type { SqlStrategy } from './sql/sql-dialect.js';
import { FUTURE_COLUMN_PATTERNS } from './universe/future-columns.js';
import type { ResultTransport } from './warehouse/bigquery/result-transport.js';

export interface FetcherOptions {
  listen: string;
  /** Folder of an embedded warehouse, or "bigquery:PROJECT". */
  warehouse: string;
  /** Set when the warehouse is BigQuery. */
  bigQuery?: BigQueryFlags;
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

export interface BigQueryFlags {
  project: string;
  /** Where the datasets are. */
  location: string;
  jobTimeoutMs: number;
  results: ResultTransport;
  /** Service account to act as; default: whose the application default credentials are. */
  impersonate?: string;
}

const BIGQUERY = 'bigquery:';
const MAX_JOB_TIMEOUT_MS = 6 * 3_600_000;

/** Below this Node and DuckDB do not fit. */
const MIN_PROCESS_BYTES = 128 * 1024 ** 2;
const MAX_FETCHES = 64;
const MIN_STATEMENT = 3;
/** Values travel in arrays, which BigQuery may not count: docs/bigquery.md. */
const MAX_STATEMENT_COLUMNS = 1_000_000;
const MAX_GRACE_MS = 3_600_000;

/** Usage text, one line a flag. */
export const USAGE = `usage: node services/fetcher/dist/main.js --warehouse DIR --cache DIR [options]
  --listen HOST:PORT       default 127.0.0.1:0 (a free port, announced on stdout)
  --warehouse DIR          folder of an embedded warehouse, or bigquery:PROJECT (docs/bigquery.md)
  --cache DIR              folder of datasets and of the job log; created when missing
  --grant-key FILE         key that the coordinator signs approvals with, made when missing: give both the same;
                           needed with BigQuery (docs/security.md)
  --price-per-tib USD      default ${DEFAULT_PRICE_PER_TIB_USD}
  --features-schema NAME   default ${DEFAULT_WAREHOUSE_NAMES.featureSchema}
  --targets-schema NAME    default ${DEFAULT_WAREHOUSE_NAMES.targetSchema}
  --features-dataset NAME, --targets-dataset NAME
                           the same for BigQuery, which calls schemas datasets
  --location NAME          where the datasets of BigQuery are, default us-central1
  --impersonate ACCOUNT    service account to act as on BigQuery, with your application default credentials
  --results storage|rest   how results of BigQuery are read: the Storage Read API (default), or pages of JSON,
                           hundreds of times the CPU a row, where that API is not to be had
  --job-timeout-ms N       time that BigQuery gives a statement, default 1800000
  --key-column NAME        default ${DEFAULT_WAREHOUSE_NAMES.keyColumn}
  --future-pattern REGEX   further names of columns that hold future values; may be repeated
  --sql-strategy NAME      pack, join or auto (default: by the number of tables)
  --statement-columns N    values for a key that one statement may bring, default 10000; more are split
  --statement-tables N     tables that one statement may read, default 1000
  --max-fetches N          fetches that work at the same time, default 2
  --memory-limit SIZE      buffers of a statement on an embedded warehouse, default 1GB
  --process-memory SIZE    memory of the whole process above which fetches are given up, default 8GiB;
                           a container's limit counts too
  --grace-ms N             time for running fetches to end after SIGTERM, default 30000
  --orphan-grace-ms N      time a fetch goes on after its callers have gone, default 60000`;

/** What an error says that lies in the command line. */
const HELP = 'Run node services/fetcher/dist/main.js --help for the flags';

/**
 * Reads the flags.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the flag
 */
export function parseFetcherOptions(args: readonly string[]): FetcherOptions {
  const values = readFlags(args);
  return {
    listen: values.listen,
    ...warehouse(values),
    cache: resolve(required('cache', values.cache)),
    ...grantKey(values),
    pricePerTibUsd: numberIn('price-per-tib', values['price-per-tib'], [0, 1_000_000]),
    names: {
      ...DEFAULT_WAREHOUSE_NAMES,
      featureSchema: schemaName(values, 'features') ?? DEFAULT_WAREHOUSE_NAMES.featureSchema,
      targetSchema: schemaName(values, 'targets') ?? DEFAULT_WAREHOUSE_NAMES.targetSchema,
      keyColumn: values['key-column'],
    },
    futurePatterns: [...FUTURE_COLUMN_PATTERNS, ...values['future-pattern']].map(toPattern),
    ...sqlStrategy(values['sql-strategy']),
    statementColumns: wholeNumberIn('statement-columns', values['statement-columns'], [
      MIN_STATEMENT,
      MAX_STATEMENT_COLUMNS,
    ]),
    statementTables: wholeNumberIn('statement-tables', values['statement-tables'], [
      MIN_STATEMENT,
      DEFAULT_STATEMENT_LIMITS.tables,
    ]),
    maxFetches: wholeNumberIn('max-fetches', values['max-fetches'], [1, MAX_FETCHES]),
    memoryLimit: size('memory-limit', values['memory-limit']),
    processMemoryBytes: bytes('process-memory', values['process-memory']),
    graceMs: wholeNumberIn('grace-ms', values['grace-ms'], [0, MAX_GRACE_MS]),
    orphanGraceMs: wholeNumberIn('orphan-grace-ms', values['orphan-grace-ms'], [0, MAX_GRACE_MS]),
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        listen: { type: 'string', default: '127.0.0.1:0' },
        warehouse: { type: 'string' },
        cache: { type: 'string' },
        'grant-key': { type: 'string' },
        'price-per-tib': { type: 'string', default: String(DEFAULT_PRICE_PER_TIB_USD) },
        'features-schema': { type: 'string' },
        'targets-schema': { type: 'string' },
        'features-dataset': { type: 'string' },
        'targets-dataset': { type: 'string' },
        location: { type: 'string', default: 'us-central1' },
        impersonate: { type: 'string' },
        results: { type: 'string', default: 'storage' },
        'job-timeout-ms': { type: 'string', default: '1800000' },
        'key-column': { type: 'string', default: DEFAULT_WAREHOUSE_NAMES.keyColumn },
        'future-pattern': { type: 'string', multiple: true, default: [] },
        'sql-strategy': { type: 'string', default: 'auto' },
        'statement-columns': { type: 'string', default: String(DEFAULT_STATEMENT_LIMITS.columns) },
        'statement-tables': { type: 'string', default: String(DEFAULT_STATEMENT_LIMITS.tables) },
        'max-fetches': { type: 'string', default: '2' },
        'memory-limit': { type: 'string', default: '1GB' },
        'process-memory': { type: 'string', default: '8GiB' },
        'grace-ms': { type: 'string', default: '30000' },
        'orphan-grace-ms': { type: 'string', default: '60000' },
      },
    }).values;
  } catch (thrown) {
    throw new OnescanError('INVALID_ARGUMENT', thrown instanceof Error ? thrown.message : String(thrown), {
      remedy: HELP,
    });
  }
}

type Flags = ReturnType<typeof readFlags>;

function warehouse(values: Flags): { warehouse: string; bigQuery?: BigQueryFlags } {
  const name = required('warehouse', values.warehouse);
  if (!name.startsWith(BIGQUERY)) return { warehouse: resolve(name) };
  const project = name.slice(BIGQUERY.length);
  if (!/^[a-z][a-z0-9.:-]+[a-z0-9]$/.test(project)) throw invalid('warehouse', name, 'bigquery:PROJECT');
  if (!/^[A-Za-z0-9-]+$/.test(values.location)) throw invalid('location', values.location, 'a location');
  const { results } = values;
  if (results !== 'storage' && results !== 'rest') throw invalid('results', results, 'storage or rest');
  const jobTimeoutMs = wholeNumberIn('job-timeout-ms', values['job-timeout-ms'], [1, MAX_JOB_TIMEOUT_MS]);
  const { location } = values;
  const bigQuery: BigQueryFlags = { project, location, jobTimeoutMs, results };
  return { warehouse: name, bigQuery: { ...bigQuery, ...impersonation(values.impersonate) } };
}

/** Where statements cost money, none is run that nobody approved. */
function grantKey({ warehouse, 'grant-key': file }: Flags): { grantKey?: string } {
  if (file !== undefined) return { grantKey: resolve(required('grant-key', file)) };
  if (!warehouse?.startsWith(BIGQUERY)) return {};
  throw new OnescanError('INVALID_ARGUMENT', '--grant-key: missing, and BigQuery bills what is fetched', {
    remedy:
      'Give the fetcher and the coordinator the same --grant-key FILE, which is made when it is missing: nothing is billed then that the coordinator did not approve',
  });
}

function impersonation(account: string | undefined): { impersonate?: string } {
  if (account === undefined) return {};
  if (!/^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/.test(account)) {
    throw invalid('impersonate', account, 'a service account: NAME@PROJECT.iam.gserviceaccount.com');
  }
  if (process.env.BIGQUERY_EMULATOR_HOST) {
    throw invalid('impersonate', account, 'to be had from an emulator: unset BIGQUERY_EMULATOR_HOST');
  }
  return { impersonate: account };
}

function schemaName(values: Flags, kind: 'features' | 'targets'): string | undefined {
  const schema = values[`${kind}-schema`];
  const dataset = values[`${kind}-dataset`];
  if (schema === undefined || dataset === undefined) return schema ?? dataset;
  throw invalid(`${kind}-dataset`, dataset, `to be given together with --${kind}-schema`);
}

function required(flag: string, value: string | undefined): string {
  if (value) return value;
  throw invalid(flag, value ?? '', 'a folder');
}

function numberIn(flag: string, text: string, [low, high]: readonly [number, number]): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= low && value <= high)) throw invalid(flag, text, `a number from ${low} to ${high}`);
  return value;
}

function wholeNumberIn(flag: string, text: string, range: readonly [number, number]): number {
  const value = numberIn(flag, text, range);
  if (!Number.isInteger(value)) throw invalid(flag, text, 'a whole number');
  return value;
}

function size(flag: string, text: string): string {
  if (/^[1-9]\d*(KB|MB|GB|KiB|MiB|GiB)$/.test(text)) return text;
  throw invalid(flag, text, 'a size such as 512MB or 2GB');
}

function bytes(flag: string, text: string): number {
  const value = parseBytes(text);
  if (value !== undefined && value >= MIN_PROCESS_BYTES) return value;
  throw invalid(flag, text, `an amount of memory of at least ${formatBytes(MIN_PROCESS_BYTES)}`);
}

function sqlStrategy(text: string): { sqlStrategy?: SqlStrategy } {
  if (text === 'auto') return {};
  if (text === 'pack' || text === 'join') return { sqlStrategy: text };
  throw invalid('sql-strategy', text, 'pack, join or auto');
}

function toPattern(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch {
    throw invalid('future-pattern', text, 'a regular expression');
  }
}

function invalid(flag: string, value: string, allowed: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `--${flag}: "${value}" is not ${allowed}`, { remedy: HELP });
}
