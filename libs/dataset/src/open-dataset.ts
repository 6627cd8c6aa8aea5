import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type OpenDataset, SHARED_PAIR, type SharedReference } from './dataset.js';
import { damagedDataset } from './dataset-damage.js';
import { type DatasetFile, openDatasetFile } from './dataset-file.js';
import { JoinedDataset } from './joined-dataset.js';

/**
 * Opens a dataset file for reading and checks that it is whole: format, status, identity, size, tables and
 * row counts. Values are checked by block checksums as they are read; {@link verifyDataset} checks all.
 * One that refers to a shared dataset is read together with that, as if it held all columns.
 *
 * @throws OnescanError NOT_FOUND when there is no file, or not beside it the shared one, DATA_LOSS when it is damaged,
 *   FAILED_PRECONDITION when it is another dataset or of another format version
 */
export async function openDataset(path: string, options: { expectedId?: string } = {}): Promise<OpenDataset> {
  const file = resolve(path);
  if (!existsSync(file)) {
    throw new OnescanError('NOT_FOUND', `there is no dataset file ${file}`, {
      remedy: 'Fetch the pair again, or list what is cached with `onescan cache ls`',
    });
  }
  const own = await openDatasetFile(file, options.expectedId);
  const reference = own.meta.shared;
  if (!reference) return own;
  try {
    return await JoinedDataset.join(own, await openShared(own, reference));
  } catch (thrown) {
    own.close();
    throw thrown;
  }
}

/**
 * File of a shared dataset: beside those that refer to it.
 *
 * @throws OnescanError DATA_LOSS when the identifier, which may come from a file of others, would lead elsewhere
 */
export function sharedDatasetPath(path: string, datasetId: string): string {
  if (!/^[\w-]{1,128}$/.test(datasetId)) throw damagedDataset(path, 'it refers to a dataset without a name');
  return join(dirname(path), `${SHARED_PAIR}-${datasetId}.duckdb`);
}

async function openShared(own: DatasetFile, reference: SharedReference): Promise<DatasetFile> {
  const path = sharedDatasetPath(own.path, reference.datasetId);
  if (!existsSync(path)) {
    throw new OnescanError('NOT_FOUND', `dataset file ${own.path} refers to ${path}, which is not there`, {
      remedy: 'Start a run that plans it again: only the shared dataset is fetched',
      details: { path },
    });
  }
  const shared = await openDatasetFile(path, reference.datasetId);
  if (shared.meta.contentSha256 === reference.contentSha256) return shared;
  shared.close();
  throw damagedDataset(own.path, `it was made with other values of ${path} than that holds now`);
}
