import { join } from 'node:path';
import type { AuthClient } from 'google-auth-library';
import type { FetcherOptions } from '../fetcher-options.js';
import type { MetadataQuery } from './bigquery/metadata-queries.js';
import { EmbeddedWarehouse } from './embedded/embedded-warehouse.js';
import type { Warehouse } from './warehouse.js';

/** The warehouse that the flags name. Google's client library is loaded for BigQuery only. */
export async function openWarehouse(
  options: FetcherOptions,
  onMetadata: (query: MetadataQuery) => void,
): Promise<Warehouse> {
  const { bigQuery, names } = options;
  if (bigQuery) {
    const { BigQueryWarehouse } = await import('./bigquery/bigquery-warehouse.js');
    const { impersonate: account, ...others } = bigQuery;
    const authClient = account === undefined ? undefined : await impersonated(account, bigQuery.project);
    return new BigQueryWarehouse({ ...others, names, onMetadata, ...(authClient ? { authClient } : {}) });
  }
  return new EmbeddedWarehouse({
    folder: options.warehouse,
    names,
    tempFolder: join(options.cache, `.duckdb-tmp-${process.pid}`),
    memoryLimit: options.memoryLimit,
  });
}

async function impersonated(account: string, projectId: string): Promise<AuthClient> {
  const { impersonate } = await import('./bigquery/impersonate.js');
  return impersonate(account, { projectId });
}
