import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { sharedDatasetPath } from '@onescan/dataset/open-dataset.js';
import type { ComputeRequest } from './compute-protocol.js';
import { downloadDataset } from './download-dataset.js';

/**
 * The path of a request's dataset on this disk; downloaded, with the shared one that it refers to, when the fetcher's disk
 * is not ours, or its files are another user's.
 *
 * @throws OnescanError NOT_FOUND when it is not here and there is no fetcher; as {@link downloadDataset}
 */
export async function locateDataset(
  request: Pick<ComputeRequest, 'dataset' | 'fetcherAddress' | 'security' | 'downloadFolder' | 'traceparent'>,
  isCancelled: () => boolean,
): Promise<string> {
  const { path, datasetId, shared } = request.dataset;
  if (path && isReadable(path)) return path;
  if (!request.fetcherAddress) {
    throw new OnescanError('NOT_FOUND', `there is no dataset file ${path}, and no fetcher to read it from`);
  }
  if (!/^[\w-]{1,128}$/.test(datasetId)) {
    throw new OnescanError('INVALID_ARGUMENT', `"${datasetId.slice(0, 80)}" is no identifier of a dataset`);
  }
  const copy = join(request.downloadFolder, `${datasetId}.duckdb`);
  const { fetcherAddress, security = {}, traceparent = '' } = request;
  const download = async (id: string, to: string): Promise<void> => {
    if (existsSync(to)) return;
    await downloadDataset({ fetcherAddress, security, traceparent, datasetId: id, path: to, isCancelled });
  };
  // First what it refers to, without which it cannot be read.
  if (shared) await download(shared.datasetId, sharedDatasetPath(copy, shared.datasetId));
  await download(datasetId, copy);
  return copy;
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
