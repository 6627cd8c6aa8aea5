import { OnescanError } from '@onescan/contract/onescan-error.js';
import { choice, textOf, wholeNumber } from '@onescan/process/service/flag-kinds.js';
import { type FlagTable, type FlagValues, flagNotAllowed } from '@onescan/process/service/flag-table.js';
import type { AuthClient } from 'google-auth-library';
import type { ChosenWarehouse, WarehouseKind, WarehouseSurroundings } from '../warehouse-kind.js';
import { BIGQUERY_LIMITS, BIGQUERY_PRICE_PER_TIB_USD } from './published-terms.js';
import type { ResultTransport } from './result-transport.js';
import { BIGQUERY_TRAITS } from './sql/bigquery-dialect.js';

/** What the flags say of a BigQuery project. */
export interface BigQueryFlags {
  readonly project: string;
  /** Where the datasets are. */
  readonly location: string;
  readonly jobTimeoutMs: number;
  readonly results: ResultTransport;
  /** Service account to act as; default: whose the application default credentials are. */
  readonly impersonate?: string;
}

const MAX_JOB_TIMEOUT_MS = 6 * 3_600_000;

const BIGQUERY_FLAGS = {
  location: {
    kind: textOf(/^[A-Za-z0-9-]+$/, 'NAME', 'a location'),
    default: 'us-central1',
    doc: 'where the datasets of BigQuery are',
  },
  impersonate: {
    kind: textOf(
      /^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/,
      'ACCOUNT',
      'a service account: NAME@PROJECT.iam.gserviceaccount.com',
    ),
    doc: 'service account to act as on BigQuery, with your application default credentials',
  },
  results: {
    kind: choice<ResultTransport>('storage', 'rest'),
    default: 'storage',
    doc: 'how results of BigQuery are read: the Storage Read API, or pages of JSON, hundreds of times the CPU per row, where that API is not to be had',
  },
  jobTimeoutMs: {
    kind: wholeNumber(1, MAX_JOB_TIMEOUT_MS),
    default: '1800000',
    doc: 'time that BigQuery gives a statement',
  },
} as const satisfies FlagTable;

/** Datasets of a Google Cloud project. */
export const bigQueryKind: WarehouseKind = {
  kind: 'bigquery',
  prefix: 'bigquery:',
  address: ['bigquery:PROJECT', 'datasets of BigQuery ([BigQuery](bigquery.md))'],
  dialect: BIGQUERY_TRAITS,
  pricePerTibUsd: BIGQUERY_PRICE_PER_TIB_USD,
  limits: BIGQUERY_LIMITS,
  biller: 'BigQuery',
  flags: BIGQUERY_FLAGS,
  choose,
};

function choose(project: string, flags: FlagValues<typeof BIGQUERY_FLAGS>): ChosenWarehouse {
  const address = `${bigQueryKind.prefix}${project}`;
  if (!/^[a-z][a-z0-9.:-]+[a-z0-9]$/.test(project)) {
    throw flagNotAllowed('--warehouse', address, bigQueryKind.address[0]);
  }
  const { location, jobTimeoutMs, results, impersonate } = flags;
  const settings = { project, location, jobTimeoutMs, results, ...impersonation(impersonate) };
  return { address, settings, open: (surroundings) => open(settings, surroundings) };
}

function impersonation(account: string | undefined): { impersonate?: string } {
  if (account === undefined) return {};
  if (process.env.BIGQUERY_EMULATOR_HOST) {
    throw new OnescanError(
      'INVALID_ARGUMENT',
      '--impersonate: the emulator of BIGQUERY_EMULATOR_HOST knows no service accounts',
      { remedy: 'Leave it out, or unset BIGQUERY_EMULATOR_HOST' },
    );
  }
  return { impersonate: account };
}

/** Google's client library is loaded here, not with every fetcher. */
async function open(settings: BigQueryFlags, { names, onMetadata }: WarehouseSurroundings) {
  const { BigQueryWarehouse } = await import('./bigquery-warehouse.js');
  const { impersonate: account, ...others } = settings;
  const authClient = account === undefined ? undefined : await impersonated(account, settings.project);
  return new BigQueryWarehouse({ ...others, names, onMetadata, ...(authClient ? { authClient } : {}) });
}

async function impersonated(account: string, projectId: string): Promise<AuthClient> {
  const { impersonate } = await import('./impersonate.js');
  return impersonate(account, { projectId });
}
