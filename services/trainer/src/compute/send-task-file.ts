import { createReadStream } from 'node:fs';
import { type TaskFile, TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import {
  type PutTaskFileRequest,
  TrainerHubServiceClient,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { type ErrorCode, isDiskFull, OnescanError } from '@onescan/contract/onescan-error.js';
import { callClientStream, createClient } from '@onescan/process/grpc/client.js';
import { bringTraceparent } from '@onescan/process/grpc/rpc-span.js';
import { isAway, retrying } from '@onescan/process/retrying.js';
import type { ComputeRequest } from './compute-protocol.js';

/** Bytes a message. */
const CHUNK_BYTES = 256 * 1024;

const RETRY_WAIT_MS = 1_000;

/** How long errors that may be the file's or the connection's are tried again, in milliseconds. */
const PATIENCE_MS = 120_000;

/** Errors that another try may not meet. */
const PASSING_CODES: ReadonlySet<ErrorCode> = new Set(['UNKNOWN', 'RESOURCE_EXHAUSTED', 'DATA_LOSS']);

/** What a task may hand over, as errors call it. */
const NAMES = {
  [TaskFileKind.TASK_FILE_KIND_EXPLANATION]: 'the SHAP values',
  [TaskFileKind.TASK_FILE_KIND_MODELS]: 'the models',
} as const;

/** A kind of file that tasks hand over. */
export type HandedOver = keyof typeof NAMES;

export interface SendOptions {
  request: Pick<
    ComputeRequest,
    | 'runId'
    | 'pair'
    | 'horizon'
    | 'attempt'
    | 'coordinatorAddress'
    | 'security'
    | 'leaseToken'
    | 'traceparent'
  >;
  path: string;
  kind: HandedOver;
  file: TaskFile;
  isCancelled(): boolean;
  /** Default two minutes. */
  patienceMs?: number;
}

/**
 * Sends a file to the coordinator, from the start whenever the connection breaks. A coordinator that is away, or whose
 * disk is full, is waited for as results wait for it: neither says anything against the task.
 *
 * @throws OnescanError INVALID_ARGUMENT as the coordinator's; INTERNAL with its reason for others; CANCELLED
 */
export async function sendTaskFile(options: SendOptions): Promise<void> {
  const { coordinatorAddress, security, traceparent = '' } = options.request;
  const client = createClient(TrainerHubServiceClient, coordinatorAddress, {}, security);
  const until = performance.now() + (options.patienceMs ?? PATIENCE_MS);
  const bring = bringTraceparent(traceparent);
  try {
    await retrying(() => callClientStream(client, client.putTaskFile, messages(options), { bring }), {
      waitsMs: waitsWithoutEnd(),
      isPassing: (thrown) => !options.isCancelled() && isPassing(OnescanError.from(thrown), until),
    });
  } catch (thrown) {
    const error = OnescanError.from(thrown);
    if (options.isCancelled() || error.code === 'CANCELLED') throw cancelled(options.kind);
    throw refused(options.kind, error);
  } finally {
    client.close();
  }
}

function* waitsWithoutEnd(): Generator<number> {
  for (;;) yield RETRY_WAIT_MS;
}

function isPassing(error: OnescanError, until: number): boolean {
  if (isDiskFull(error) || isAway(error)) return true;
  return PASSING_CODES.has(error.code) && performance.now() < until;
}

/** But for what it would refuse from any trainer, the coordinator's codes say nothing about memory or dataset here. */
function refused(kind: HandedOver, error: OnescanError): OnescanError {
  if (error.code === 'INVALID_ARGUMENT') return error;
  const message = `the coordinator did not take ${NAMES[kind]} (${error.code}): ${error.message}`;
  return new OnescanError('INTERNAL', message, { remedy: error.remedy, cause: error });
}

function cancelled(kind: HandedOver): OnescanError {
  return new OnescanError('CANCELLED', `handing over ${NAMES[kind]} was cancelled`);
}

async function* messages({
  request,
  path,
  kind,
  file,
  isCancelled,
}: SendOptions): AsyncGenerator<PutTaskFileRequest> {
  const { runId, pair, horizon, attempt, leaseToken } = request;
  yield {
    message: { $case: 'header', value: { task: { runId, pair, horizon, attempt }, file, leaseToken, kind } },
  };
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    if (isCancelled()) throw cancelled(kind);
    yield { message: { $case: 'chunk', value: chunk as Buffer } };
  }
}
