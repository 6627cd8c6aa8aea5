import { type AddressInfo, createServer, type ListenOptions, type Server as NetServer } from 'node:net';
import { userInfo } from 'node:os';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { OnescanError } from '../onescan-error.js';
import { type Address, parseAddress } from './address.js';
import { callerInterceptor } from './caller.js';
import { CallRate } from './guard/call-rate.js';
import { serverGuard } from './guard/server-guard.js';
import { SERVER_LIMITS, type ServerLimits } from './guard/server-limits.js';
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
  /** Default {@link SERVER_LIMITS}. */
  limits?: Partial<ServerLimits>;
}

export interface RunningServer {
  /** "host:port" with the port that was bound, or "unix:/path". */
  readonly address: string;
  /** Switches the health of all services. */
  setServing(serving: boolean): void;
  /** Health goes NOT_SERVING, calls may finish within the grace period, then are cut. */
  shutdown(graceMs: number): Promise<void>;
}

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
  const limits = { ...SERVER_LIMITS, ...options.limits };
  const server = new Server({
    ...CHANNEL_OPTIONS,
    'grpc.max_receive_message_length': limits.messageBytes,
    'grpc.max_concurrent_streams': limits.streams,
    'grpc.max_connection_idle_ms': limits.idleMs,
    'grpc.max_connection_age_ms': limits.ageMs,
    'grpc.max_connection_age_grace_ms': limits.ageGraceMs,
    interceptors: [
      serverGuard(new CallRate(limits.calls), limits.firstMessageMs),
      callerInterceptor({ name, ...(token === undefined ? {} : { token }) }),
    ],
  });
  const health = new Health(options.healthNames);
  options.register(server);
  health.addTo(server);
  const listener = await listen(server, address, limits.connections);
  const bound = listener.address();
  return {
    address:
      address.kind === 'unix' ? `unix:${address.path}` : `${address.host}:${(bound as AddressInfo).port}`,
    setServing: (serving) => health.setServing(serving),
    shutdown: (graceMs) => {
      health.setServing(false);
      health.endWatches();
      listener.close();
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

/**
 * Listens, and hands the connections to the server: grpc-js itself cannot limit their number.
 */
function listen(server: Server, address: Address, maxConnections: number): Promise<NetServer> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer((socket) => injector.injectConnection(socket));
  listener.maxConnections = maxConnections;
  return new Promise((resolve, reject) => {
    listener.once('error', (cause) => {
      reject(
        new OnescanError('UNAVAILABLE', `cannot listen on ${textOf(address)}: ${cause.message}`, {
          remedy: 'Choose another port, or 0 for a free one',
          cause,
        }),
      );
    });
    listener.listen(listenOptions(address), () => resolve(listener));
  });
}

function listenOptions(address: Address): ListenOptions {
  if (address.kind === 'unix') return { path: address.path };
  return { host: address.host.replace(/^\[(.*)\]$/, '$1'), port: address.port };
}

function textOf(address: Address): string {
  return address.kind === 'unix' ? `unix:${address.path}` : `${address.host}:${address.port}`;
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
