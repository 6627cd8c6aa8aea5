import type {
  ConnectResponse,
  Register,
  TaskAttempt,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import type { OnescanError } from '@onescan/contract/onescan-error.js';

/** One open stream to a trainer. */
export interface TrainerStream {
  send(message: ConnectResponse): void;
  /** Ends the stream, with an error where one is given. */
  end(error?: OnescanError): void;
}

/** What a trainer was given and has not answered. */
export interface CurrentTask {
  readonly attempt: TaskAttempt;
  readonly datasetId: string;
  /** Process that it was given to; empty when that is not known. */
  readonly instance: string;
  /** Stream on which it was sent; undefined when that was before this coordinator started. */
  readonly sentOn: TrainerStream | undefined;
  /** When the trainer was last known to have it, in milliseconds. */
  seenMs: number;
  /** Its end has come in and waits to be stored: from then on the trainer does not name it, and silence takes it from nobody. */
  isOver?: boolean;
}

/** A trainer as known from its messages; outlives its stream until its lease ends. */
export interface Trainer {
  readonly trainerId: string;
  register: Register;
  stream: TrainerStream | undefined;
  lastSeenMs: number;
  /** When its stream ended; undefined while it has one, and for one that has not come back after a restart. */
  endedMs: number | undefined;
  heldDatasetId: string;
  current: CurrentTask | undefined;
  /** Attempts that it says it works on. */
  reported: readonly TaskAttempt[];
  /** Nothing is assigned before this time: it handed work back. */
  restsUntilMs: number;
  /** Run of its newest task; empty at first. */
  lastRunId: string;
  /** Attempts that it was told to give up. */
  readonly cancelled: Set<string>;
  rssBytes: bigint;
  peakRssBytes: bigint;
  memoryLimitBytes: bigint;
  /** What watchers were last told of it, and when. */
  told: { workingOn: string; atMs: number };
}

/** What is known of a trainer that has not registered yet, besides its id. */
export const NOT_REGISTERED = {
  host: '',
  processId: 0,
  memoryLimitBytes: 0n,
  version: '',
  kernelVersion: '',
  heldDatasetIds: [],
  instanceId: '',
  holding: [],
};

/** Identity of a trainer's process, by which leases know whether their holder was restarted. */
export function instanceOf({ instanceId, host, processId }: Register): string {
  return instanceId || `${host}/${processId}`;
}

/** A trainer of which nothing is known but its registration. */
export function newTrainer(register: Register): Trainer {
  return {
    trainerId: register.trainerId,
    register,
    stream: undefined,
    lastSeenMs: 0,
    endedMs: undefined,
    heldDatasetId: '',
    current: undefined,
    reported: [],
    restsUntilMs: 0,
    lastRunId: '',
    cancelled: new Set(),
    rssBytes: 0n,
    peakRssBytes: 0n,
    memoryLimitBytes: 0n,
    told: { workingOn: '', atMs: 0 },
  };
}
