import { type Client, type ClientWritableStream, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { SeededChoice } from '../faults/seeded-choice.js';
import type { KnownIds } from './known-ids.js';
import type { Rpc } from './rpcs.js';

/** How a call went. */
export interface CallOutcome {
  /** Messages sent. */
  readonly sent: number;
  /** Name of the status that its caller saw. */
  readonly code: string;
  readonly details: string;
  /** The answer of a unary call. */
  readonly answer: Buffer | undefined;
  readonly milliseconds: number;
  /** The first message, to send it again. */
  readonly first: Buffer;
}

/** Longer than any answer takes that is not waited for on purpose, on a machine that has other work to do. */
const UNARY_DEADLINE_MS = 60_000;
/** Streams that do not end by themselves are left after a while. */
const STREAM_DEADLINE_MS = 1_500;
const MOST_MESSAGES = 12;

const same = (bytes: Buffer): Buffer => bytes;

/** One hostile call: its messages, then an end, a cancel, or neither; all as the choices say. */
export function hostileCall(
  client: Client,
  rpc: Rpc,
  known: KnownIds,
  choice: SeededChoice,
  streamDeadlineMs = STREAM_DEADLINE_MS,
): Promise<CallOutcome> {
  const count = rpc.requestStream ? choice.between(1, MOST_MESSAGES) : 1;
  const messages = Array.from({ length: count }, (_, i) => rpc.message(known, choice, i === 0));
  const manner = {
    isCancelled: choice.next() < 0.15,
    afterMs: choice.between(0, 40),
    isEnded: choice.next() < 0.7,
    takes: choice.next() < 0.3 ? 1 : Number.POSITIVE_INFINITY,
    deadlineMs: streamDeadlineMs,
  };
  const started = performance.now();
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, answer?: Buffer): void =>
      resolve({
        ...{ sent: count, first: messages[0]!, answer },
        code: status[error?.code ?? status.OK]!,
        details: error?.details ?? '',
        milliseconds: performance.now() - started,
      });
    const call = start(client, rpc, messages, manner, done);
    if (manner.isCancelled) setTimeout(() => call.cancel(), manner.afterMs);
  });
}

interface Manner {
  /** Half-closes; otherwise the deadline ends the call. */
  readonly isEnded: boolean;
  /** Messages that it takes before it cancels. */
  readonly takes: number;
  readonly deadlineMs: number;
}

type Done = (error: ServiceError | null, answer?: Buffer) => void;

function start(
  client: Client,
  rpc: Rpc,
  messages: readonly Buffer[],
  manner: Manner,
  done: Done,
): { cancel(): void } {
  const { path, requestStream, responseStream } = rpc;
  const none = new Metadata();
  const brief = { deadline: Date.now() + manner.deadlineMs };
  if (!requestStream && !responseStream) {
    return client.makeUnaryRequest(
      path,
      same,
      same,
      messages[0]!,
      none,
      { deadline: Date.now() + UNARY_DEADLINE_MS },
      done,
    );
  }
  if (!requestStream) {
    const call = client.makeServerStreamRequest(path, same, same, messages[0]!, none, brief);
    follow(call, manner, done);
    return call;
  }
  if (!responseStream) {
    const call = client
      .makeClientStreamRequest(path, same, same, none, brief, done)
      .on('error', () => undefined);
    send(call, messages, manner);
    return call;
  }
  const call = client.makeBidiStreamRequest(path, same, same, none, brief);
  follow(call, manner, done);
  send(call, messages, manner);
  return call;
}

function send(
  call: Pick<ClientWritableStream<Buffer>, 'write' | 'end'>,
  messages: readonly Buffer[],
  { isEnded }: Manner,
): void {
  for (const message of messages) call.write(message);
  if (isEnded) call.end();
}

interface Answers extends NodeJS.EventEmitter {
  cancel(): void;
}

function follow(call: Answers, { takes }: Manner, done: Done): void {
  let taken = 0;
  call.on('data', () => {
    if (++taken === takes) call.cancel();
  });
  call.on('error', (error: ServiceError) => done(error));
  call.on('end', () => setImmediate(done, null));
}
