import type { ServerDuplexStream } from '@grpc/grpc-js';
import {
  type ConnectRequest,
  type ConnectResponse,
  type PutTaskFileRequest,
  type PutTaskFileResponse,
  type TaskAttempt,
  type TaskFileHeader,
  TrainerHubServiceService,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { clientStream } from '@onescan/process/grpc/handlers.js';
import { MAX_MESSAGE_BYTES } from '@onescan/process/grpc/message-limits.js';
import { type RunningServer, startServer } from '@onescan/process/grpc/start-server.js';

export type FromTrainer = NonNullable<ConnectRequest['message']>;
type Case = FromTrainer['$case'];
type ValueOf<C extends Case> = Extract<FromTrainer, { $case: C }>['value'];

type Stream = ServerDuplexStream<ConnectRequest, ConnectResponse>;

/** A coordinator's hub for tests: real sockets, answers by script, remembers what trainers said. */
export class ScriptedHub {
  readonly received: FromTrainer[] = [];
  /** Streams opened so far. */
  connections = 0;
  /** When set, every new stream is ended with this error. */
  refuseWith: OnescanError | undefined;
  acknowledge = true;
  /** Files of tasks that arrived whole. */
  readonly files: { header: TaskFileHeader; content: Buffer }[] = [];
  /** So many files are refused, by default as by a coordinator that restarts. */
  refuseFiles = 0;
  refuseFilesWith = new OnescanError('UNAVAILABLE', 'refused by the test');
  /** When false, registrations are left without an answer. */
  answerRegistrations = true;
  #server: RunningServer | undefined;
  #stream: Stream | undefined;
  readonly #watchers = new Set<() => void>();

  static async start(listen = '127.0.0.1:0'): Promise<ScriptedHub> {
    const hub = new ScriptedHub();
    await hub.#listen(listen);
    return hub;
  }

  get address(): string {
    return this.#server!.address;
  }

  send(message: NonNullable<ConnectResponse['message']>): void {
    this.#stream!.write({ message });
  }

  /** Cuts the present stream as a crash of the coordinator would. */
  cut(): void {
    this.#stream!.emit('error', new OnescanError('UNAVAILABLE', 'cut by the test').toServiceError());
  }

  /** Reads no more of the present stream. */
  stopReading(): void {
    this.#stream!.pause();
  }

  of<C extends Case>(kind: C): ValueOf<C>[] {
    return this.received.flatMap((m) => (m.$case === kind ? [m.value as ValueOf<C>] : []));
  }

  /** Waits until `condition` holds; looked at after every message. Times out with vitest. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Waits for the first message of a kind that fits. */
  async next<C extends Case>(
    kind: C,
    fits: (value: ValueOf<C>) => boolean = () => true,
  ): Promise<ValueOf<C>> {
    await this.until(() => this.of(kind).some(fits));
    return this.of(kind).find(fits)!;
  }

  async stop(): Promise<void> {
    await this.#server?.shutdown(0);
  }

  async #listen(listen: string): Promise<void> {
    this.#server = await startServer({
      listen,
      healthNames: [],
      limits: { messageBytes: MAX_MESSAGE_BYTES },
      register: (server) => {
        server.addService(TrainerHubServiceService, {
          connect: (stream: Stream) => this.#onConnect(stream),
          putTaskFile: clientStream((requests: AsyncIterable<PutTaskFileRequest>) => this.#onFile(requests)),
        });
      },
    });
  }

  async #onFile(requests: AsyncIterable<PutTaskFileRequest>): Promise<PutTaskFileResponse> {
    if (this.refuseFiles-- > 0) throw this.refuseFilesWith;
    let header: TaskFileHeader | undefined;
    const chunks: Buffer[] = [];
    for await (const { message } of requests) {
      if (message?.$case === 'header') header = message.value;
      else if (message) chunks.push(message.value);
    }
    this.files.push({ header: header!, content: Buffer.concat(chunks) });
    return {};
  }

  #onConnect(stream: Stream): void {
    this.connections++;
    if (this.refuseWith) {
      stream.emit('error', this.refuseWith.toServiceError());
      return;
    }
    this.#stream = stream;
    stream.on('data', (request: ConnectRequest) => {
      if (request.message) this.#onMessage(stream, request.message);
    });
    stream.on('error', () => undefined);
    stream.on('end', () => stream.end());
  }

  #onMessage(stream: Stream, message: FromTrainer): void {
    this.received.push(message);
    if (message.$case === 'register' && this.answerRegistrations) {
      stream.write({
        message: { $case: 'registered', value: { heartbeatIntervalMs: 100, leaseMs: 1000 } },
      });
    }
    if ((message.$case === 'result' || message.$case === 'failure') && this.acknowledge) {
      this.#ack(stream, message.value.task);
    }
    for (const look of this.#watchers) look();
  }

  #ack(stream: Stream, task: TaskAttempt | undefined): void {
    stream.write({ message: { $case: 'ack', value: { task, accepted: true, reason: '' } } });
  }
}
