import {
  type ClientHttp2Session,
  connect as connectHttp2,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { SeededChoice } from '../faults/seeded-choice.js';
import { randomBytes } from './hostile-values.js';

/** What no gRPC client sends: bodies and headers of a call, and whether its end is sent too. */
interface Frames {
  readonly name: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
  readonly isEnded: boolean;
}

/** Zeros, 64 MiB unpacked and 64 KiB packed. */
const BOMB = gzipSync(Buffer.alloc(64 << 20));
const PATIENCE_MS = 3_000;

type FramesOf = (choice: SeededChoice) => Partial<Frames>;

const KINDS: Readonly<Record<string, FramesOf>> = {
  'length beyond the end': () => ({ body: prefixed(Buffer.from([1, 2]), { length: 1_000 }) }),
  'length of 4 GiB': () => ({ body: prefixed(Buffer.alloc(10), { length: 2 ** 32 - 1 }) }),
  'half a prefix': () => ({ body: Buffer.from([0, 0, 0]) }),
  'no message': () => ({ body: Buffer.alloc(0) }),
  'no message, no end': () => ({ body: Buffer.alloc(0), isEnded: false }),
  'many messages of a unary call': () => ({
    body: Buffer.concat(Array.from({ length: 50 }, () => prefixed(Buffer.alloc(0)))),
  }),
  'packed without saying how': (choice) => ({ body: prefixed(randomBytes(choice, 20), { isPacked: true }) }),
  'packed, and is not': (choice) => ({
    body: prefixed(randomBytes(choice, 20), { isPacked: true }),
    headers: { 'grpc-encoding': 'gzip' },
  }),
  'packed, cut off': () => ({
    body: prefixed(BOMB.subarray(0, 200), { isPacked: true }),
    headers: { 'grpc-encoding': 'gzip' },
  }),
  'packed bomb': () => ({ body: prefixed(BOMB, { isPacked: true }), headers: { 'grpc-encoding': 'gzip' } }),
  'packed in no known way': () => ({
    body: prefixed(Buffer.alloc(9), { isPacked: true }),
    headers: { 'grpc-encoding': 'lzma' },
  }),
  'flag of another kind': () => ({ body: Buffer.from([0x7f, 0, 0, 0, 0]) }),
  'content of another kind': () => ({
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{}'),
  }),
  'another verb': () => ({ headers: { ':method': 'PUT' }, body: prefixed(Buffer.alloc(0)) }),
  'no such method': () => ({
    headers: { ':path': '/onescan.v1.CoordinatorService/__proto__' },
    body: prefixed(Buffer.alloc(0)),
  }),
  'deadline that is none': () => ({ headers: { 'grpc-timeout': 'soon' }, body: prefixed(Buffer.alloc(0)) }),
  'deadline of a nanosecond': () => ({ headers: { 'grpc-timeout': '1n' }, body: prefixed(Buffer.alloc(0)) }),
  'metadata that is no base64': () => ({
    headers: { 'x-bin': '!!!', 'grpc-trace-bin': '\u007f' },
    body: prefixed(Buffer.alloc(0)),
  }),
  'much metadata': () => ({ headers: { 'x-much': 'x'.repeat(12_000) }, body: prefixed(Buffer.alloc(0)) }),
  'random bytes': (choice) => ({ body: randomBytes(choice, choice.between(0, 400)) }),
};

export const FRAME_KINDS = Object.keys(KINDS);

/** How a call over bare HTTP/2 ended: a gRPC status, an HTTP status, a reset or nothing within some seconds. */
export async function sendBareFrames(
  address: string,
  path: string,
  kind: string,
  choice: SeededChoice,
): Promise<string> {
  const { headers = {}, body = Buffer.alloc(0), isEnded = true } = KINDS[kind]!(choice);
  const session = connectHttp2(`http://${address}`);
  try {
    return await ending(
      session,
      { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
      body,
      isEnded,
    );
  } finally {
    session.destroy();
  }
}

function ending(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body: Buffer,
  isEnded: boolean,
): Promise<string> {
  return new Promise((resolve) => {
    const call = session.request(headers);
    let grpc: string | undefined;
    let http = '';
    session.on('error', () => resolve('connection lost'));
    call.on('response', (answer) => {
      http = `HTTP ${answer[':status']}`;
      grpc ??= statusText(answer);
    });
    call.on('trailers', (trailers) => {
      grpc ??= statusText(trailers);
    });
    call.on('error', () => undefined);
    call.on('close', () =>
      resolve(grpc ?? (call.rstCode === constants.NGHTTP2_NO_ERROR ? http : `reset ${call.rstCode}`)),
    );
    call.setTimeout(PATIENCE_MS, () => resolve('left waiting'));
    call.resume();
    if (isEnded) call.end(body);
    else call.write(body);
  });
}

function statusText(headers: NodeJS.Dict<string | string[]>): string | undefined {
  return headers['grpc-status'] === undefined ? undefined : `gRPC ${headers['grpc-status']}`;
}

function prefixed(message: Buffer, { isPacked = false, length = message.length } = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = isPacked ? 1 : 0;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** A call whose answers are never read: over bare HTTP/2, where the window stays full. */
export function leaveUnread(address: string, path: string, request: Buffer): { close(): void } {
  const session = connectHttp2(`http://${address}`).on('error', () => undefined);
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  session
    .request(headers)
    .on('error', () => undefined)
    .end(prefixed(request));
  return { close: () => session.destroy() };
}

/** Sends bytes that are not HTTP/2 at all, and waits until the server has closed the connection, or some seconds. */
export function sendOtherProtocol(address: string, bytes: Buffer): Promise<void> {
  const [host, port] = address.split(':');
  return new Promise((resolve) => {
    const socket = connectTcp({ host: host!, port: Number(port) });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
    socket.write(bytes);
  });
}

/** What speaks to an open port without having been asked to. */
export const OTHER_PROTOCOLS: readonly Buffer[] = [
  Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  Buffer.from('SSH-2.0-x\r\n'),
  // The begin of a TLS hello.
  Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]),
  // The preface of HTTP/2, then a frame of 16 MiB.
  Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]),
  ]),
  Buffer.alloc(10_000),
];
