import { userInfo } from 'node:os';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { OnescanError } from '../onescan-error.js';
import { type Address, parseAddress } from './address.js';
import { callerInterceptor } from './caller.js';
import { Health } from './health.js';
import { isLoopbackHost } from './loopback.js';
import { CHANNEL_OPTIONS } from './message-limits.js';
import { makeRoomForSocket } from './unix-socket.js';

export interface ServerOptions {
  /**
   * "host:port", where port 0 chooses a free one and only loopback hosts are served without TLS, or
   * "unix:/path/to.sock", which only the user whose process this is can reach.
   */
  listen: string;
  /** Bearer token that callers must bring. */
  token?: string;
  register(server: Server): void;
  /** Fully qualified service names reported by the health service, e.g. onescan.v1.FetcherService. */
  healthNames: readonly string[];
}

export interface RunningServer {
  /** "host:port" with the port that was bound, or "unix:/path". */
  readonly address: string;
  /** Switches the health of all services. */
  setServing(serving: boolean): void;
  /** Health goes NOT_SERVING, calls may finish within the grace period, then are cut. */
  shutdown(graceMs: number): Promise<void>;
}

const MAX_CONCURRENT_STREAMS = 1024;

/**
 * Starts a gRPC server with a health service.
 *
 * @throws OnescanError INVALID_ARGUMENT on a malformed or non-loopback address, UNAVAILABLE when it cannot be bound,
 *   FAILED_PRECONDITION when others can enter the folder of a socket
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const address = parseAddress('--listen', options.listen);
  if (address.kind === 'tcp') requireLoopback(address.host);
  else await makeRoomForSocket(address.path);
  const { token } = options;
  const name = callerName(address, token);
  const server = new Server({
    interceptors: [callerInterceptor({ name, ...(token === undefined ? {} : { token }) })],
    ...CHANNEL_OPTIONS,
    'grpc.max_concurrent_streams': MAX_CONCURRENT_STREAMS,
  });
  const health = new Health(options.healthNames);
  options.register(server);
  health.addTo(server);
  const port = await bind(server, options.listen);
  return {
    address: address.kind === 'tcp' ? `${address.host}:${port}` : `unix:${address.path}`,
    setServing: (serving) => health.setServing(serving),
    shutdown: (graceMs) => {
      health.setServing(false);
      health.endWatches();
      return shutdown(server, graceMs);
    },
  };
}

/** Who gets through to an address: only its owner reaches a socket, only who has the token passes with one. */
function callerName({ kind }: Address, token: string | undefined): string {
  if (kind === 'unix') return userInfo().username;
  return token === undefined ? '' : 'the bearer of the token';
}

function requireLoopback(host: string): void {
  if (isLoopbackHost(host)) return;
  throw new OnescanError('INVALID_ARGUMENT', `refusing to listen on ${host} without TLS`, {
    remedy: 'Listen on a loopback address such as 127.0.0.1',
  });
}

function bind(server: Server, listen: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, port) => {
      if (!error) return resolve(port);
      reject(
        new OnescanError('UNAVAILABLE', `cannot listen on ${listen}: ${error.message}`, {
          remedy: 'Choose another port, or 0 for a free one',
          cause: error,
        }),
      );
    });
  });
}

function shutdown(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
