import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { type TaskFile, TaskFileKind } from '@onescan/contract/generated/onescan/v1/result.js';
import {
  type Ack,
  type Assign,
  type ConnectRequest,
  type ConnectResponse,
  type FailureKind,
  type PutTaskFileRequest,
  type TaskAttempt,
  type TaskResult,
  TrainerHubServiceClient,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { kernelVersion } from '@onescan/learn/kernels/load-kernel.js';
import { callClientStream, createClient } from '@onescan/process/grpc/client.js';
import type { ChannelSecurity } from '@onescan/process/grpc/tls/channel-security.js';
import { PRODUCT_VERSION } from '@onescan/process/product-version.js';
import { resultOf } from './sample-document.js';

/** Bytes of a file a message, as trainers send it. */
const CHUNK_BYTES = 256 * 1024;

/** What a scripted trainer does with a task; undefined: nothing, it keeps the task. */
export type TrainerAct = (assign: Assign, trainer: ScriptedTrainer) => Promise<void> | void;

export interface TrainerScript {
  id: string;
  security?: ChannelSecurity;
  processId?: number;
  /** Default: 1 GiB. */
  memoryLimitBytes?: bigint;
  /** Default: one of its own for every trainer. */
  instanceId?: string;
  /** Default: answers at once with a result. */
  act?: TrainerAct;
}

/** A trainer that speaks the hub's protocol over a real socket and computes nothing. */
export class ScriptedTrainer {
  readonly id: string;
  readonly address: string;
  readonly #processId: number;
  readonly #memoryLimitBytes: bigint;
  readonly #instanceId: string;
  readonly assigned: Assign[] = [];
  readonly acks: Ack[] = [];
  readonly cancels: TaskAttempt[] = [];
  /** Statuses with which its streams ended: it dials again, as real trainers do. */
  readonly ends: string[] = [];
  /** May be changed: for the tasks that come then. */
  act: TrainerAct;
  readonly #client: TrainerHubServiceClient;
  #stream: ReturnType<TrainerHubServiceClient['connect']>;
  #working: TaskAttempt[] = [];
  #held = '';
  /** Ended while there was no stream; sent after every registration: doubles are no-ops. */
  readonly #finished: Assign[] = [];
  #heartbeats: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(address: string, script: TrainerScript) {
    this.id = script.id;
    this.address = address;
    this.#processId = script.processId ?? 1;
    this.#memoryLimitBytes = script.memoryLimitBytes ?? 1n << 30n;
    this.#instanceId = script.instanceId ?? randomUUID();
    this.act = script.act ?? ((assign, trainer) => trainer.succeed(assign));
    this.#client = createClient(TrainerHubServiceClient, address, {}, script.security);
    this.#stream = this.#dial();
  }

  #dial(): ReturnType<TrainerHubServiceClient['connect']> {
    const stream = this.#client.connect();
    stream.on('status', (status) => {
      this.ends.push(`${status.code} ${status.details}`);
      clearInterval(this.#heartbeats);
      if (!this.#closed) {
        setTimeout(() => {
          if (!this.#closed) this.#stream = this.#dial();
        }, 50);
      }
    });
    // The status event tells the same.
    stream.on('error', () => undefined);
    stream.on('data', (response: ConnectResponse) => this.#onMessage(response));
    stream.write({ message: { $case: 'register', value: this.#registration() } });
    for (const assign of this.#finished) {
      stream.write({ message: { $case: 'result', value: resultOf(assign, this.id) } });
    }
    return stream;
  }

  #registration() {
    return {
      trainerId: this.id,
      host: 'here',
      processId: this.#processId,
      memoryLimitBytes: this.#memoryLimitBytes,
      version: PRODUCT_VERSION,
      kernelVersion: kernelVersion(),
      heldDatasetIds: this.#held ? [this.#held] : [],
      instanceId: this.#instanceId,
      holding: [...this.#working, ...this.#finished.map((assign) => assign.task!)],
    };
  }

  send(message: NonNullable<ConnectRequest['message']>): void {
    this.#stream.write({ message });
  }

  succeed(assign: Assign, change: (result: TaskResult) => TaskResult = (result) => result): void {
    this.#done(assign);
    this.#held = assign.dataset!.datasetId;
    this.send({ $case: 'result', value: change(resultOf(assign, this.id)) });
  }

  /** Hands over a file of a task; `announced` differs from it in tests of damage. */
  async handOver(
    assign: Assign,
    content: Buffer,
    announced = fileOf(content),
    kind = TaskFileKind.TASK_FILE_KIND_EXPLANATION,
  ): Promise<TaskFile> {
    const { task, leaseToken } = assign;
    async function* messages(): AsyncGenerator<PutTaskFileRequest> {
      yield { message: { $case: 'header', value: { task, file: announced, leaseToken, kind } } };
      yield { message: { $case: 'chunk', value: content.subarray(0, 3) } };
      for (let start = 3; start < content.length; start += CHUNK_BYTES) {
        yield { message: { $case: 'chunk', value: content.subarray(start, start + CHUNK_BYTES) } };
      }
    }
    await callClientStream(this.#client, this.#client.putTaskFile, messages());
    return announced;
  }

  /** Ends a task while there is no stream: its result is sent after the next registration. */
  finishOffline(assign: Assign): void {
    this.#done(assign);
    this.#finished.push(assign);
  }

  fail(assign: Assign, kind: FailureKind, message = 'scripted'): void {
    this.#done(assign);
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
    this.send({ $case: 'failure', value: { task: assign.task, kind, message, traceparent } });
  }

  /** As if an assignment had never arrived. */
  neverGot(assign: Assign): void {
    this.#done(assign);
  }

  /** Breaks the stream; it dials again. */
  break(): void {
    this.#stream.cancel();
  }

  /** Takes leave and never dials again. */
  leave(): void {
    this.fallSilent();
    this.send({ $case: 'leave', value: {} });
    this.#stream.end();
  }

  /** Takes leave as a trainer does that is asked to stop: when what it has in hand is done, and nothing more came. */
  async retire(): Promise<void> {
    for (let idle = 0; idle < 3; idle = this.#working.length > 0 ? 0 : idle + 1) await sleep(50);
    if (!this.#closed) this.leave();
  }

  /** Ends the stream as a process that goes away does. */
  close(): void {
    this.fallSilent();
    this.#stream.cancel();
    this.#client.close();
  }

  /** Stays connected, says nothing more and never dials again. */
  fallSilent(): void {
    this.#closed = true;
    clearInterval(this.#heartbeats);
  }

  beat(): void {
    this.send({
      $case: 'heartbeat',
      value: {
        rssBytes: 100n << 20n,
        peakRssBytes: 200n << 20n,
        memoryLimitBytes: 1n << 30n,
        heldDatasetId: this.#held,
        workingOn: this.#working,
        memoryLevel: 'ok',
      },
    });
  }

  #done(assign: Assign): void {
    this.#working = this.#working.filter(
      (task) => task.attempt !== assign.task!.attempt || task.horizon !== assign.task!.horizon,
    );
  }

  #onMessage({ message }: ConnectResponse): void {
    switch (message?.$case) {
      case 'registered':
        this.#heartbeats = setInterval(() => this.beat(), message.value.heartbeatIntervalMs);
        return;
      case 'assign':
        this.assigned.push(message.value);
        this.#working.push(message.value.task!);
        void this.act(message.value, this);
        return;
      case 'cancel':
        this.cancels.push(message.value.task!);
        return;
      case 'ack':
        this.acks.push(message.value);
        return;
    }
  }
}

export function fileOf(content: Buffer): TaskFile {
  return { sha256: sha256Hex(content), bytes: BigInt(content.length) };
}
