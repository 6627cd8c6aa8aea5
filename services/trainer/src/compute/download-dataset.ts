import { type FileHandle, mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { diskFull, isDiskFull, OnescanError } from '@onescan/contract/onescan-error.js';
import { verifyDataset } from '@onescan/dataset/verify-dataset.js';
import { callServerStream, createClient } from '@onescan/process/grpc/client.js';
import { bringTraceparent } from '@onescan/process/grpc/rpc-span.js';
import type { ChannelSecurity } from '@onescan/process/grpc/tls/channel-security.js';
import { isBrokenOff, retrying } from '@onescan/process/retrying.js';

/** Before the second stream, the third and so on, in milliseconds; each goes on where the one before ended. */
const WAITS_MS = [500, 1_000, 1_500, 2_000];

export interface DownloadOptions {
  fetcherAddress: string;
  security?: ChannelSecurity;
  /** In whose span the fetcher's is; absent: in none. */
  traceparent?: string;
  datasetId: string;
  /** File to write; appears only when whole and verified. */
  path: string;
  isCancelled(): boolean;
  onProgress?(fraction: number): void;
}

/**
 * Copies a dataset file from the fetcher, through ReadDataset, and compares all its content hashes.
 *
 * @throws OnescanError of the fetcher; RESOURCE_EXHAUSTED when the disk has no room; DATA_LOSS when what arrived is not the dataset; CANCELLED
 */
export async function downloadDataset(options: DownloadOptions): Promise<void> {
  const partial = `${options.path}.partial-${process.pid}`;
  let file: FileHandle | undefined;
  try {
    await mkdir(dirname(options.path), { recursive: true, mode: 0o700 });
    file = await open(partial, 'w');
    await receive(file, options);
    await file.close();
    await verify(partial, options);
    await rename(partial, options.path);
  } catch (thrown) {
    await file?.close();
    await rm(partial, { force: true });
    if (thrown instanceof OnescanError) throw thrown;
    const error = OnescanError.from(thrown);
    throw isDiskFull(error) ? noRoom(options, error.message) : thrown;
  }
}

function noRoom({ datasetId, path }: DownloadOptions, why: string): OnescanError {
  return diskFull(`no room for a copy of dataset ${datasetId} in ${dirname(path)}: ${why}`, {
    remedy: 'Free space there, set TMPDIR to a larger disk, or share the cache folder with the trainers',
  });
}

/** Refuses what cannot fit before any of it is written. */
async function requireRoom(options: DownloadOptions, totalBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(options.path));
  if (bavail * bsize >= totalBytes) return;
  const figures = `it takes ${formatBytes(totalBytes)}, ${formatBytes(bavail * bsize)} are free`;
  throw noRoom(options, figures);
}

async function receive(file: FileHandle, options: DownloadOptions): Promise<void> {
  const client = createClient(FetcherServiceClient, options.fetcherAddress, {}, options.security);
  const state = { offset: 0, total: -1 };
  try {
    const stream = async (): Promise<void> => {
      if (state.offset === state.total) return;
      await receiveFrom(client, file, { options, state });
      if (state.offset !== state.total) throw cutShort(options, state);
    };
    await retrying(stream, { waitsMs: WAITS_MS, isPassing: isBrokenOff });
  } finally {
    client.close();
  }
}

async function receiveFrom(
  client: FetcherServiceClient,
  file: FileHandle,
  { options, state }: { options: DownloadOptions; state: { offset: number; total: number } },
): Promise<void> {
  const { datasetId } = options;
  const request = { datasetId, offset: BigInt(state.offset) };
  const call = callServerStream(client, client.readDataset, request, {
    bring: bringTraceparent(options.traceparent ?? ''),
  });
  for await (const { offset, chunk, totalBytes } of call) {
    if (options.isCancelled()) throw new OnescanError('CANCELLED', 'downloading the dataset was cancelled');
    if (Number(offset) !== state.offset) {
      throw new OnescanError('DATA_LOSS', `dataset ${datasetId}: byte ${offset} came after ${state.offset}`);
    }
    if (state.total < 0) await requireRoom(options, Number(totalBytes));
    // Not write(): on a disk that fills up it writes what fits and says nothing.
    await file.appendFile(chunk);
    state.offset += chunk.length;
    state.total = Number(totalBytes);
    options.onProgress?.(state.offset / state.total);
  }
}

async function verify(
  path: string,
  { datasetId, fetcherAddress, isCancelled }: DownloadOptions,
): Promise<void> {
  const { ok, problems } = await verifyDataset(path, { expectedId: datasetId, isCancelled });
  if (ok) return;
  throw new OnescanError(
    'DATA_LOSS',
    `dataset ${datasetId} from fetcher ${fetcherAddress} is damaged: ${problems.join('; ')}`,
    { remedy: "Check the fetcher's file with `onescan cache verify`" },
  );
}

function cutShort({ datasetId }: DownloadOptions, state: { offset: number; total: number }): OnescanError {
  return new OnescanError(
    'UNAVAILABLE',
    `the fetcher ended dataset ${datasetId} at byte ${state.offset} of ${state.total}`,
  );
}
