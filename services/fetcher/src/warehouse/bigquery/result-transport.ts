import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { AuthClient } from 'google-auth-library';
import type { RetryPolicy } from './retry-policy.js';
import { StorageReader } from './storage/storage-reader.js';

/** How results of statements are read; those of metadata always come as pages by REST. */
export type ResultTransport = 'storage' | 'rest';

/**
 * The reader of the Storage Read API; undefined when pages of the REST API were asked for. Never one instead of
 * the other: pages take hundreds of times the CPU a row.
 *
 * @throws OnescanError INVALID_ARGUMENT when an emulator is given and the address of its Storage Read API is not
 */
export function openStorageReader(
  transport: ResultTransport,
  project: string,
  policy: RetryPolicy,
  others: { authClient?: AuthClient | undefined; silenceMs?: number | undefined } = {},
): StorageReader | undefined {
  const { BIGQUERY_EMULATOR_HOST, BIGQUERY_STORAGE_EMULATOR_HOST } = process.env;
  if (transport === 'rest') return undefined;
  if (BIGQUERY_EMULATOR_HOST && !BIGQUERY_STORAGE_EMULATOR_HOST) {
    throw new OnescanError('INVALID_ARGUMENT', 'BIGQUERY_EMULATOR_HOST is set without its Storage Read API', {
      remedy: 'Set BIGQUERY_STORAGE_EMULATOR_HOST=host:port, or read results by REST with --results rest',
    });
  }
  return new StorageReader(project, policy, {
    emulator: BIGQUERY_STORAGE_EMULATOR_HOST || undefined,
    ...others,
  });
}
