import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExplanationFile } from '@onescan/shared/generated/onescan/v1/result.js';
import {
  type PutExplanationRequest,
  TrainerHubServiceClient,
} from '@onescan/shared/generated/onescan/v1/trainer.js';
import { callClientStream, createClient } from '@onescan/shared/grpc/client.js';
import { type ErrorCode, OnescanError } from '@onescan/shared/onescan-error.js';
import type { ComputeRequest } from './compute-protocol.js';

/** Bytes a message. */
const CHUNK_BYTES = 256 * 1024;

/** How long a coordinator that is away is waited for, in milliseconds. */
const PATIENCE_MS = 120_000;
const RETRY_WAIT_MS = 1_000;

/** Errors that another try may not meet: the coordinator restarts, or its disk is full for now. */
const PASSING_CODES: ReadonlySet<ErrorCode> = new Set([
  'UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'UNKNOWN',
  'RESOURCE_EXHAUSTED',
  'DATA_LOSS',
]);

export interface SendOptions {
  request: Pick<
    ComputeRequest,
    'runId' | 'pair' | 'horizon' | 'attempt' | 'coordinatorAddress' | 'leaseToken'
  >;
  path: string;
  file: ExplanationFile;
  isCancelled(): boolean;
  /** Default two minutes. */
  patienceMs?: number;
}

/**
 * Sends a file to the coordinator, from the start whenever the connection breaks.
 *
 * @throws OnescanError of the coordinator; CANCELLED
 */
export async function sendExplanation(options: SendOptions): Promise<void> {
  const client = createClient(TrainerHubServiceClient, options.request.coordinatorAddress);
  const until = performance.now() + (options.patienceMs ?? PATIENCE_MS);
  try {
    for (;;) {
      try {
        await callClientStream(client, client.putExplanation, messages(options));
        return;
      } catch (thrown) {
        const error = OnescanError.from(thrown);
        if (!PASSING_CODES.has(error.code) || performance.now() >= until) throw error;
        await sleep(RETRY_WAIT_MS);
      }
    }
  } finally {
    client.close();
  }
}

async function* messages({
  request,
  path,
  file,
  isCancelled,
}: SendOptions): AsyncGenerator<PutExplanationRequest> {
  const { runId, pair, horizon, attempt, leaseToken } = request;
  yield {
    message: { $case: 'header', value: { task: { runId, pair, horizon, attempt }, file, leaseToken } },
  };
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    if (isCancelled()) throw new OnescanError('CANCELLED', 'handing over the SHAP values was cancelled');
    yield { message: { $case: 'chunk', value: chunk as Buffer } };
  }
}
