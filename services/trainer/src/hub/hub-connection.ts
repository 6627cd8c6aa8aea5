import type { ClientDuplexStream, Interceptor } from '@grpc/grpc-js';
import {
  type ConnectRequest,
  type ConnectResponse,
  TrainerHubServiceClient,
} from '@onescan/contract/generated/onescan/v1/trainer.js';
import { type ErrorCode, OnescanError } from '@onescan/contract/onescan-error.js';
import { createClient } from '@onescan/process/grpc/client.js';
import type { ChannelSecurity } from '@onescan/process/grpc/tls/channel-security.js';

/** Answers that dialling again cannot change. */
const FINAL_CODES: ReadonlySet<ErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'PERMISSION_DENIED',
  'UNIMPLEMENTED',
]);

/** Messages that a coordinator may leave unread; a heartbeat a second fills it in minutes. */
export const MOST_UNREAD = 256;

export interface HubConnectionOptions {
  address: string;
  security?: ChannelSecurity;
  /** See the calls. */
  interceptors?: Interceptor[] | undefined;
  /** A stream was opened: send Register, and what is unacknowledged after it. */
  onOpen(): void;
  onMessage(message: NonNullable<ConnectResponse['message']>): void;
  /** The stream is gone; dialled again after `waitMs`. */
  onLost(error: OnescanError, waitMs: number): void;
  /** The coordinator refuses this trainer for good. */
  onRefused(error: OnescanError): void;
}

/** The one stream to the coordinator, dialled again whenever it ends, until closed. */
export class HubConnection {
  readonly #options: HubConnectionOptions;
  #client: TrainerHubServiceClient | undefined;
  #stream: ClientDuplexStream<ConnectRequest, ConnectResponse> | undefined;
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #wasTaken = false;

  constructor(options: HubConnectionOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#stream !== undefined;
  }

  open(): void {
    if (!this.#closed) this.#dial();
  }

  /** Sends when the stream is open; false when it is not, the caller keeps what must not be lost. */
  send(message: ConnectRequest): boolean {
    const stream = this.#stream;
    if (!stream) return false;
    if (stream.writableLength < MOST_UNREAD) {
      stream.write(message);
      return true;
    }
    // What it must not lose is sent again on the next stream.
    const unread = `the coordinator leaves ${MOST_UNREAD} messages unread`;
    this.#lose(stream, new OnescanError('UNAVAILABLE', unread));
    stream.cancel();
    return false;
  }

  /** The coordinator has answered: the next loss starts the schedule anew. */
  confirm(): void {
    this.#attempt = 0;
    this.#wasTaken = true;
  }

  /** Takes leave, ends the stream after what was sent, and dials no more. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream) {
      stream.write({ message: { $case: 'leave', value: {} } });
      await ended(stream, graceMs);
    }
    this.#client?.close();
  }

  #dial(): void {
    // A channel of its own each time: a shared one would impose its own, random, waits.
    const { address, security, interceptors = [] } = this.#options;
    const apart = { 'grpc.use_local_subchannel_pool': 1, interceptors };
    const client = createClient(TrainerHubServiceClient, address, apart, security);
    const stream = client.connect();
    let lost = false;
    const lose = (error: OnescanError): void => {
      if (lost) return;
      lost = true;
      client.close();
      this.#lose(stream, error);
    };
    this.#client = client;
    this.#stream = stream;
    stream.on('data', (response: ConnectResponse) => {
      if (this.#stream === stream && response.message) this.#options.onMessage(response.message);
    });
    stream.on('error', (error) => lose(OnescanError.from(error)));
    stream.on('end', () => lose(new OnescanError('UNAVAILABLE', 'the coordinator ended the stream')));
    this.#options.onOpen();
  }

  #lose(stream: ClientDuplexStream<ConnectRequest, ConnectResponse>, error: OnescanError): void {
    if (this.#stream !== stream || this.#closed) return;
    this.#stream = undefined;
    if (this.#isFinal(error)) {
      this.#closed = true;
      this.#options.onRefused(error);
      return;
    }
    const waitMs = reconnectWaitMs(this.#attempt++);
    this.#timer = setTimeout(() => this.#dial(), waitMs);
    this.#options.onLost(error, waitMs);
  }

  #isFinal({ code, details }: OnescanError): boolean {
    // Certificates and tokens are replaced one after the other on two machines: who was known once will be again.
    if (code === 'UNAUTHENTICATED') return !this.#wasTaken;
    // Of another version: this process stays what it is.
    return FINAL_CODES.has(code) || details.refused === 'version';
  }
}

/** Half-closes and waits for the peer's end, then cuts. */
function ended(stream: ClientDuplexStream<ConnectRequest, ConnectResponse>, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      stream.cancel();
      resolve();
    }, graceMs);
    stream.once('status', () => {
      clearTimeout(cut);
      resolve();
    });
    stream.end();
  });
}

/** First wait before dialling again, in milliseconds. */
const FIRST_WAIT_MS = 100;

/** Longest wait: a coordinator that comes back finds its trainers within seconds. */
const LONGEST_WAIT_MS = 3_000;

/**
 * Wait before dial number `attempt` (0 = the first after a loss), doubling from {@link FIRST_WAIT_MS} to
 * {@link LONGEST_WAIT_MS}. No jitter: a handful of trainers cannot stampede a coordinator, and a schedule
 * that repeats can be tested.
 */
export function reconnectWaitMs(attempt: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 30));
}
