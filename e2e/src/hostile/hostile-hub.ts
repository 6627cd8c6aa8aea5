import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import {
  type Assign,
  type ConnectRequest,
  ConnectResponse,
  type TaskAttempt,
  TrainerHubServiceService,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { type RunningServer, startServer } from '@onescan/process/grpc/start-server.js';
import { SeededChoice } from '../faults/seeded-choice.js';
import { hostilePayload } from './hostile-payload.js';
import type { KnownIds } from './known-ids.js';

/** What a trainer is sent on one stream, before it is ended and dialled again. */
const MESSAGES_PER_STREAM = 60;
/** Short enough for many streams, long enough for tasks to be begun. */
const PAUSE_MS = 5;

type Message = NonNullable<ConnectResponse['message']>;
type Stream = ServerDuplexStream<ConnectRequest, Buffer>;

/** A coordinator that sends its trainers anything but the order to leave, which they would follow. */
export class HostileHub {
  readonly #known: KnownIds;
  readonly #dataset: Assign['dataset'];
  readonly #choice: SeededChoice;
  readonly #most: number;
  #isQuiet = false;
  #workingOn = 0;
  #server: RunningServer | undefined;
  /** Messages sent so far. */
  sent = 0;
  /** Messages received, by kind. */
  readonly received = new Map<string, number>();

  private constructor(seed: number, known: KnownIds, dataset: Assign['dataset'], most: number) {
    this.#choice = new SeededChoice(seed);
    this.#known = known;
    this.#dataset = dataset;
    this.#most = most;
  }

  /**
   * @param dataset one that exists: tasks on it are really begun
   * @param most messages that it sends
   */
  static async start(
    seed: number,
    known: KnownIds,
    dataset: Assign['dataset'],
    most: number,
  ): Promise<HostileHub> {
    const hub = new HostileHub(seed, known, dataset, most);
    const { connect } = TrainerHubServiceService;
    const service = { connect: { ...connect, responseSerialize: (bytes: Buffer) => bytes } };
    hub.#server = await startServer({
      listen: '127.0.0.1:0',
      register: (server) => server.addService(service, { connect: (stream: Stream) => hub.#serve(stream) }),
      healthNames: [],
    });
    return hub;
  }

  get address(): string {
    return this.#server!.address;
  }

  /** Says nothing from now on, and waits until the trainer has ended what it was given. */
  async beQuiet(): Promise<void> {
    this.#isQuiet = true;
    this.#workingOn = Number.NaN;
    while (this.#workingOn !== 0) await sleep(20);
  }

  async close(): Promise<void> {
    await this.#server?.shutdown(100);
  }

  #serve(stream: Stream): void {
    let left = MESSAGES_PER_STREAM;
    stream.on('error', () => clearInterval(timer));
    stream.on('cancelled', () => clearInterval(timer));
    stream.on('data', ({ message }: ConnectRequest) => {
      const kind = message?.$case ?? 'none';
      if (message?.$case === 'heartbeat') this.#workingOn = message.value.workingOn.length;
      this.received.set(kind, (this.received.get(kind) ?? 0) + 1);
    });
    stream.write(encoded({ $case: 'registered', value: { heartbeatIntervalMs: 500, leaseMs: 5_000 } }));
    const timer = setInterval(() => {
      if (this.#isQuiet || this.sent >= this.#most) return;
      const bytes = this.#next();
      if (bytes) {
        stream.write(bytes);
        this.sent++;
      }
      if (--left > 0) return;
      clearInterval(timer);
      stream.end();
    }, PAUSE_MS);
  }

  #next(): Buffer | undefined {
    const method = { path: 'hub', requestSerialize: TrainerHubServiceService.connect.responseSerialize };
    const { runId, datasetId, planHash } = this.#known;
    const example = { message: this.#choice.of(this.#examples()) };
    const bytes = hostilePayload(method, example, this.#choice, [runId, datasetId, planHash]);
    return isDrain(bytes) ? undefined : bytes;
  }

  #examples(): readonly Message[] {
    const { runId, traceId } = this.#known;
    const task: TaskAttempt = { runId, pair: 'eurusd', horizon: 15, attempt: this.#choice.between(1, 3) };
    // Most tasks are on a dataset that is not there, and end at once.
    const lost = this.#dataset && { ...this.#dataset, path: `${this.#dataset.path}.lost` };
    return [
      { $case: 'registered', value: { heartbeatIntervalMs: 500, leaseMs: 5_000 } },
      {
        $case: 'assign',
        value: {
          ...{
            task,
            dataset: this.#choice.next() < 0.1 ? this.#dataset : lost,
            fetcherAddress: this.address,
            targetWindow: 45,
            preset: 'quick',
          },
          ...{ overrides: { 'select.maxFalse': '2' }, seed: 1n, specHash: 'ab'.repeat(32) },
          ...{ memoryLimitBytes: 1n << 31n, traceparent: `00-${traceId}-b7ad6b7169203331-01` },
          ...{ failedTraceparent: '', leaseToken: 'ab'.repeat(32) },
        },
      },
      { $case: 'cancel', value: { task, reason: 'because' } },
      { $case: 'ack', value: { task, accepted: false, reason: 'because' } },
    ];
  }
}

function encoded(message: Message): Buffer {
  return TrainerHubServiceService.connect.responseSerialize({ message });
}

function isDrain(bytes: Buffer): boolean {
  try {
    return ConnectResponse.decode(bytes).message?.$case === 'drain';
  } catch {
    return false;
  }
}
