import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExplainedRows } from '@onescan/learn/pair-learner.js';
import { writeParquet } from '@onescan/shared/dataset/write-parquet.js';
import type { ExplanationFile } from '@onescan/shared/generated/onescan/v1/result.js';
import type { ComputeRequest } from './compute-protocol.js';
import { explanationContent } from './explanation-content.js';
import type { LoadedPair } from './loaded-pair.js';
import { sendExplanation } from './send-explanation.js';

/**
 * Writes the SHAP values of every explained row to a Parquet file and hands it over to the coordinator, which has
 * stored it when this returns. Before the result of the task is told, so that no result is without its file.
 *
 * @returns what the result says of the file
 * @throws OnescanError of the coordinator when it refuses the file or stays away; CANCELLED
 */
export async function handOverExplanation(
  request: ComputeRequest,
  { meta }: Pick<LoadedPair, 'meta'>,
  rows: ExplainedRows,
  { isCancelled }: { isCancelled(): boolean },
): Promise<ExplanationFile> {
  const { pair, horizon, downloadFolder, preset, seed } = request;
  await mkdir(downloadFolder, { recursive: true, mode: 0o700 });
  const path = join(downloadFolder, `explanation-${request.serial}.parquet`);
  try {
    const metadata = {
      format: 'onescan.explained-rows',
      formatVersion: '1',
      pair,
      horizon: String(horizon),
      dataset: meta.datasetId,
      preset,
      seed: String(seed),
    };
    await writeParquet(path, explanationContent(rows, metadata));
    const file = { sha256: await sha256OfFile(path), bytes: BigInt((await stat(path)).size) };
    await sendExplanation({ request, path, file, isCancelled });
    return file;
  } finally {
    await rm(path, { force: true });
  }
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
