import type { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { HorizonResult } from '@onescan/contract/generated/onescan/v1/result.js';
import type { ChannelSecurity } from '@onescan/process/grpc/tls/channel-security.js';

/** What the main thread asks of the compute thread: one task at a time. */
export interface ComputeRequest {
  /** Grows with every task of the process; {@link ControlWord.CancelSerial} names it. */
  serial: number;
  runId: string;
  pair: string;
  horizon: number;
  attempt: number;
  targetWindow: number;
  dataset: DatasetRef;
  fetcherAddress: string;
  /** Where files of the task are handed over. */
  coordinatorAddress: string;
  /** Certificates and token for both. */
  security?: ChannelSecurity;
  /** Goes with those files. */
  leaseToken: string;
  /** Of the attempt, in which downloads and hand-overs are; absent without tracing. */
  traceparent?: string;
  /** Folder for a dataset that must be downloaded, and for files on their way to the coordinator. */
  downloadFolder: string;
  preset: string;
  overrides: Record<string, string>;
  seed: bigint;
  specHash: string;
  memoryLimitBytes: number;
  /** Threads to learn on; results do not depend on it. */
  threads: number;
}

export type ComputeStage = 'load' | 'prune' | 'select' | 'model' | 'explain';

/** Facts of a stage, for its span. */
export type StageFacts = Record<string, number | string>;

/** Why a task ended without a result; the names are those of FailureKind. */
export type ComputeFailureKind =
  | 'BAD_DATA'
  | 'OUT_OF_MEMORY'
  | 'DOES_NOT_FIT'
  | 'DISK_FULL'
  | 'CRASH'
  | 'CANCELLED';

/** A result as it crosses threads, where a Buffer arrives as a plain Uint8Array. */
export type ComputedResult = Omit<HorizonResult, 'document'> & { document: Uint8Array };

/** What the compute thread tells. Times are epoch milliseconds with fractions. */
export type ComputeEvent =
  | { kind: 'stage'; stage: ComputeStage; event: 'start' | 'end'; at: number; facts: StageFacts }
  | { kind: 'progress'; stage: ComputeStage; fraction: number }
  | {
      kind: 'done';
      serial: number;
      result: ComputedResult;
      stageSeconds: Record<string, number>;
      datasetWasLoaded: boolean;
    }
  | { kind: 'failed'; serial: number; failure: ComputeFailureKind; message: string };

/** Words of the shared control memory; the main thread writes, the compute thread polls. */
export const ControlWord = {
  /** Serial of the task to give up; 0 for none. */
  CancelSerial: 0,
  /** 1: drop the learners that are not in use. Set back by the compute thread. */
  Shrink: 1,
} as const;

/** Memory for the words of {@link ControlWord}. */
export function createControl(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** What the compute thread is started with. */
export interface ComputeThreadData {
  control: Int32Array;
}
