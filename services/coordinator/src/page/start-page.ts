import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { parseAddress } from '@onescan/process/grpc/address.js';
import { isLoopbackHost } from '@onescan/process/grpc/loopback.js';
import type { ServerTls } from '@onescan/process/grpc/tls/server-tls.js';
import { PageDoor, type PageDoorParts } from './page-door.js';

/** Connections at the same time; more are closed as they come. */
const MAX_CONNECTIONS = 256;

/** Times for a request's headers, for all of it, and between two of a connection, in milliseconds. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const IDLE_MS = 60_000;

/** Between two looks at whose calls are under way, in milliseconds. */
const RECHECK_MS = 15_000;

const MAX_HEADER_BYTES = 16 * 1024;

export interface RunningPage {
  /** "http://127.0.0.1:7480/" */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves the page over HTTP on a loopback address, over HTTPS on any other.
 *
 * @param listen "host:port", where port 0 chooses a free one
 * @throws OnescanError INVALID_ARGUMENT when an address beyond this machine has no certificates, UNAVAILABLE when it cannot be bound
 */
export async function startPage(
  listen: string,
  parts: PageDoorParts,
  certificates: ServerTls | undefined,
): Promise<RunningPage> {
  const { host, port: asked } = requireTcp(listen);
  const tls = isLoopbackHost(host) ? undefined : certificates;
  if (!isLoopbackHost(host) && !tls) {
    throw new OnescanError('INVALID_ARGUMENT', `refusing to serve the page on ${host} without TLS`, {
      remedy: 'Give a loopback address such as 127.0.0.1:7480, or --tls-cert and --tls-key with --roles',
    });
  }
  let door: PageDoor | undefined;
  const server = makeServer(tls, (request, response) => {
    void door?.answer(request, response);
  });
  const port = await bound(server, host, asked, listen);
  door = new PageDoor(parts, { host, port, tls });
  // Roles and tokens may change, certificates and sessions end: what is open of those who may no longer is ended.
  const stopWatching = parts.access?.onChange(() => parts.calls.recheck());
  const recheck = setInterval(() => parts.calls.recheck(), RECHECK_MS).unref();
  // All addresses of a machine are none that a browser can open.
  const name = /^(0\.0\.0\.0|\[::\])$/.test(host) ? (tls?.name ?? host) : host;
  const address = `${tls ? 'https' : 'http'}://${name}:${port}/`;
  parts.sessions.address = address;
  return {
    address,
    close: () =>
      new Promise((resolve) => {
        parts.sessions.address = undefined;
        stopWatching?.();
        clearInterval(recheck);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function requireTcp(listen: string): { host: string; port: number } {
  const address = parseAddress('--page', listen);
  if (address.kind === 'tcp') return address;
  throw new OnescanError('INVALID_ARGUMENT', '--page takes HOST:PORT: browsers open no sockets of files');
}

function makeServer(tls: ServerTls | undefined, answer: RequestListener): Server {
  const bounds = {
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: IDLE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    connectionsCheckingInterval: HEADERS_MS,
  };
  if (!tls) return limited(createServer(bounds, answer));
  const server = createTlsServer({ ...bounds, ...tls.context }, answer);
  const stop = tls.onChange(() => server.setSecureContext(tls.context));
  server.once('close', stop);
  return limited(server);
}

function limited<S extends Server>(server: S): S {
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = 64;
  server.on('clientError', (_error, socket) => socket.destroy());
  return server;
}

function bound(server: Server, host: string, port: number, listen: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new OnescanError('UNAVAILABLE', `cannot serve the page on ${listen}: ${cause.message}`, {
          remedy: 'Choose another port with --page, or 0 for a free one',
          cause,
        }),
      );
    });
    server.listen({ host: host.replace(/^\[(.*)\]$/, '$1'), port }, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
}
