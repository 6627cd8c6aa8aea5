import { Server, ServerCredentials } from '@grpc/grpc-js';
import { OnescanError } from '../onescan-error.js';
import { Health } from './health.js';
import { isLoopbackHost } from './loopback.js';
import { CHANNEL_OPTIONS } from './message-limits.js';

export interface ServerOptions {
  /** "host:port"; port 0 chooses a free one. Only loopback hosts are served without TLS. */
  listen: string;
  register(server: Server): void;
  /** Fully qualified service names reported by the health service, e.g. onescan.v1.FetcherService. */
  healthNames: readonly string[];
}

export interface RunningServer {
  /** "host:port" with the port that was bound. */
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
 * @throws OnescanError INVALID_ARGUMENT on a malformed or non-loopback address, UNAVAILABLE when the port
 *   cannot be bound
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const host = requireLoopback(options.listen);
  const server = new Server({
    ...CHANNEL_OPTIONS,
    'grpc.max_concurrent_streams': MAX_CONCURRENT_STREAMS,
  });
  const health = new Health(options.healthNames);
  options.register(server);
  health.addTo(server);
  const port = await bind(server, options.listen);
  return {
    address: `${host}:${port}`,
    setServing: (serving) => health.setServing(serving),
    shutdown: (graceMs) => {
      health.setServing(false);
      health.endWatches();
      return shutdown(server, graceMs);
    },
  };
}

function requireLoopback(listen: string): string {
  const match = /^(.+):(\d+)$/.exec(listen);
  const host = match?.[1];
  if (!host || Number(match[2]) > 65_535) {
    throw new OnescanError('INVALID_ARGUMENT', `"${listen}" is not an address`, {
      remedy: 'Give host:port, e.g. 127.0.0.1:0',
    });
  }
  if (!isLoopbackHost(host)) {
    throw new OnescanError('INVALID_ARGUMENT', `refusing to listen on ${host} without TLS`, {
      remedy: 'Listen on a loopback address such as 127.0.0.1',
    });
  }
  return host;
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
