import type { AuthClient } from 'google-auth-library';
import { type FlagValues, wholeNumberIn, wrongFlag } from '../../flags/flag-table.js';
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

/** Datasets of a Google Cloud project. */
export const bigQueryKind: WarehouseKind = {
  kind: 'bigquery',
  prefix: 'bigquery:',
  address: ['bigquery:PROJECT', 'datasets of BigQuery (docs/bigquery.md)'],
  dialect: BIGQUERY_TRAITS,
  pricePerTibUsd: BIGQUERY_PRICE_PER_TIB_USD,
  limits: BIGQUERY_LIMITS,
  biller: 'BigQuery',
  flags: {
    location: {
      argument: 'NAME',
      help: ['where the datasets of BigQuery are, default us-central1'],
      default: 'us-central1',
    },
    impersonate: {
      argument: 'ACCOUNT',
      help: ['service account to act as on BigQuery, with your application default credentials'],
    },
    results: {
      argument: 'storage|rest',
      help: [
        'how results of BigQuery are read: the Storage Read API (default), or pages of JSON,',
        'hundreds of times the CPU a row, where that API is not to be had',
      ],
      default: 'storage',
    },
    'job-timeout-ms': {
      argument: 'N',
      help: ['time that BigQuery gives a statement, default 1800000'],
      default: '1800000',
    },
  },
  choose,
};

function choose(project: string, flags: FlagValues): ChosenWarehouse {
  const address = `${bigQueryKind.prefix}${project}`;
  if (!/^[a-z][a-z0-9.:-]+[a-z0-9]$/.test(project)) throw wrongFlag('warehouse', address, 'bigquery:PROJECT');
  const location = flags.text('location')!;
  if (!/^[A-Za-z0-9-]+$/.test(location)) throw wrongFlag('location', location, 'a location');
  const results = flags.text('results')!;
  if (results !== 'storage' && results !== 'rest') throw wrongFlag('results', results, 'storage or rest');
  const settings: BigQueryFlags = {
    project,
    location,
    jobTimeoutMs: wholeNumberIn('job-timeout-ms', flags.text('job-timeout-ms')!, [1, MAX_JOB_TIMEOUT_MS]),
    results,
    ...impersonation(flags.text('impersonate')),
  };
  return { address, settings, open: (surroundings) => open(settings, surroundings) };
}

function impersonation(account: string | undefined): { impersonate?: string } {
  if (account === undefined) return {};
  if (!/^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/.test(account)) {
    throw wrongFlag('impersonate', account, 'a service account: NAME@PROJECT.iam.gserviceaccount.com');
  }
  if (process.env.BIGQUERY_EMULATOR_HOST) {
    throw wrongFlag('impersonate', account, 'to be had from an emulator: unset BIGQUERY_EMULATOR_HOST');
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
