import { type AddressInfo, createServer, type ListenOptions, type Server as NetServer } from 'node:net';
import { Server, ServerCredentials, type ServerInterceptor } from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { userName } from '../user-name.js';
import type { Access, Caller } from './access/access.js';
import { AccessGuard, type AccessGuardOptions } from './access/access-guard.js';
import { ROLES } from './access/access-table.js';
import { Connections } from './access/connections.js';
import { type Address, parseAddress } from './address.js';
import { CallRate } from './guard/call-rate.js';
import { serverGuard } from './guard/server-guard.js';
import { SERVER_LIMITS, type ServerLimits } from './guard/server-limits.js';
import { Health } from './health.js';
import { CHANNEL_OPTIONS } from './message-limits.js';
import { requireSafeAddress } from './service-security.js';
import { RELOAD_MS } from './tls/last-good.js';
import type { ServerTls } from './tls/server-tls.js';
import { makeRoomForSocket } from './unix-socket.js';

export interface ServerOptions {
  /**
   * "host:port", where port 0 chooses a free one and only loopback hosts are served without TLS and access rules, or
   * "unix:/path/to.sock", which only the user whose process this is can reach, without either.
   */
  listen: string;
  /** Certificates; only for TCP. */
  tls?: ServerTls;
  /** Who may be what over TCP; absent: every process of this machine may do everything. */
  access?: Access;
  /** Somebody known has called what he may not. */
  onRefused?: AccessGuardOptions['onRefused'];
  /** Stand between the guards and the methods. */
  interceptors?: readonly ServerInterceptor[];
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
 * @throws OnescanError INVALID_ARGUMENT on a malformed address or one that is not safe to serve, UNAVAILABLE when it cannot be bound,
 *   FAILED_PRECONDITION when others can enter the folder of a socket
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const address = parseAddress('--listen', options.listen);
  requireSafeAddress('--listen', options.listen, {
    isEncrypted: options.tls !== undefined,
    isGuarded: options.access !== undefined,
  });
  if (address.kind === 'unix') await makeRoomForSocket(address.path);
  const tls = address.kind === 'tcp' ? options.tls : undefined;
  const connections = new Connections();
  const guard = accessGuard(address, options, connections);
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
      guard.interceptor,
      ...(options.interceptors ?? []),
    ],
  });
  const health = new Health(options.healthNames);
  options.register(server);
  health.addTo(server);
  const listener = await listen(server, address, {
    connections,
    most: limits.connections,
    credentials: tls?.credentials ?? ServerCredentials.createInsecure(),
  });
  const bound = listener.address();
  const keptApart = tls || options.access ? keepApart(guard, connections, options) : undefined;
  return {
    address:
      address.kind === 'unix' ? `unix:${address.path}` : `${address.host}:${(bound as AddressInfo).port}`,
    setServing: (serving) => health.setServing(serving),
    shutdown: (graceMs) => {
      health.setServing(false);
      health.endWatches();
      keptApart?.();
      listener.close();
      return shutdown(server, graceMs);
    },
  };
}

/** Knows who calls: on a socket its owner, without rules anybody on this machine. */
function accessGuard(
  { kind }: Address,
  { access, tls, onRefused }: ServerOptions,
  connections: Connections,
): AccessGuard {
  const everybody: Caller =
    kind === 'unix'
      ? { name: userName(), by: 'socket', roles: new Set(ROLES) }
      : { name: '', by: 'machine', roles: new Set(ROLES) };
  return new AccessGuard({
    identify: (evidence) => (access && kind === 'tcp' ? access.identify(evidence) : everybody),
    certificateOf: (call) =>
      tls?.asksForCertificates && kind === 'tcp'
        ? connections.certificateOf(call.getPeer(), () => call.getAuthContext().sslPeerCertificate?.raw)
        : undefined,
    ...(onRefused ? { onRefused } : {}),
  });
}

/**
 * Ends what is open of those who have lost their right: a connection outlives the certificate, the authority and the
 * role that it was made with. Returns what stops it.
 */
function keepApart(guard: AccessGuard, connections: Connections, { tls, access }: ServerOptions): () => void {
  const expired = setInterval(() => {
    const now = Date.now();
    connections.closeWhere(({ expires }) => now > expires);
  }, RELOAD_MS).unref();
  const stops = [
    () => clearInterval(expired),
    tls?.onChange(() => {
      connections.closeWhere(({ raw }) => !tls.trusts(raw));
      connections.closeUnknown();
    }),
    access?.onChange(() => {
      connections.closeWhere((certificate) => access.isRevoked(certificate));
      guard.recheck();
    }),
  ];
  return () => {
    for (const stop of stops) stop?.();
  };
}

/**
 * Listens, and hands the connections to the server: grpc-js itself cannot limit their number.
 */
function listen(
  server: Server,
  address: Address,
  {
    connections,
    most,
    credentials,
  }: { connections: Connections; most: number; credentials: ServerCredentials },
): Promise<NetServer> {
  const injector = server.createConnectionInjector(credentials);
  const listener = createServer((socket) => {
    connections.add(socket);
    injector.injectConnection(socket);
  });
  listener.maxConnections = most;
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
