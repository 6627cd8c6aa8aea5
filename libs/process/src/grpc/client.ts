import { once } from 'node:events';
import {
  type ChannelCredentials,
  type Client,
  type ClientOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type CallOptions as GrpcCallOptions,
  InterceptingCall,
  type Interceptor,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { isLoopbackAddress } from './loopback.js';
import { CHANNEL_OPTIONS } from './message-limits.js';
import { type ChannelSecurity, channelCredentials, readToken } from './tls/channel-security.js';

/** Deadline of unary calls that set none, in milliseconds: no call waits for ever. */
export const DEFAULT_DEADLINE_MS = 60_000;

export interface CallOptions {
  /** Default {@link DEFAULT_DEADLINE_MS} for unary calls; streams have none unless set. */
  deadlineMs?: number;
  signal?: AbortSignal;
  /** Puts what goes along with the request into its metadata. */
  bring?: (metadata: Metadata) => void;
}

type ClientConstructor<C> = new (
  address: string,
  creds: ChannelCredentials,
  options?: Partial<ClientOptions>,
) => C;

type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<GrpcCallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

type StreamMethod<Request, Response> = (
  request: Request,
  metadata?: Metadata,
  options?: Partial<GrpcCallOptions>,
) => ClientReadableStream<Response>;

/** No proxy that http_proxy and the like name stands between processes of one machine. */
const DIRECT = { 'grpc.enable_http_proxy': 0 } as const;

/** Options of a channel to "host:port": straight to this machine, elsewhere as the environment's proxies say. */
export function proxyOptions(address: string): Partial<typeof DIRECT> {
  return isLoopbackAddress(address) ? DIRECT : {};
}

/**
 * A client of a ts-proto service at "host:port" or "unix:/path", with Onescan's message limits and keepalive.
 *
 * @param clientOptions further options of the client and its channel, over the usual ones
 * @param security certificates and token; without them only this machine is called
 * @throws OnescanError INVALID_ARGUMENT for a plain target on another machine; as {@link channelCredentials}
 */
export function createClient<C extends Client>(
  Service: ClientConstructor<C>,
  address: string,
  clientOptions: Partial<ClientOptions> = {},
  security: ChannelSecurity = {},
): C {
  const { interceptors = [] } = clientOptions;
  const { tokenFile } = security;
  const bringToken =
    withToken(tokenFile === undefined ? undefined : latestToken(tokenFile)).interceptors ?? [];
  return new Service(address, channelCredentials(address, security), {
    ...CHANNEL_OPTIONS,
    ...proxyOptions(address),
    ...clientOptions,
    interceptors: [...bringToken, ...interceptors],
  });
}

/**
 * Client options that bring a bearer token with every call.
 *
 * @param token itself, or what reads it for each call
 */
export function withToken(token: string | (() => string) | undefined): Partial<ClientOptions> {
  if (token === undefined) return {};
  const bring: Interceptor = (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, listener, next) => {
        metadata.set('authorization', `Bearer ${typeof token === 'string' ? token : token()}`);
        next(metadata, listener);
      },
    });
  return { interceptors: [bring] };
}

/** The token in a file at each call, so that it can be replaced; the last one while the file is broken. */
function latestToken(path: string): () => string {
  let token = readToken(path);
  return () => {
    try {
      token = readToken(path);
    } catch {
      // Half replaced: the server says whether what it was is still good.
    }
    return token;
  };
}

/** Calls a unary method; errors come as OnescanError with the server's code and remedy. */
export function callUnary<Request, Response>(
  client: Client,
  method: UnaryMethod<Request, Response>,
  request: Request,
  options: CallOptions = {},
): Promise<Response> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) return reject(new OnescanError('CANCELLED', 'the call was cancelled'));
    const deadline = Date.now() + (options.deadlineMs ?? DEFAULT_DEADLINE_MS);
    const metadata = new Metadata();
    options.bring?.(metadata);
    const call = method.call(client, request, metadata, { deadline }, (error, response) => {
      options.signal?.removeEventListener('abort', cancel);
      if (error) reject(OnescanError.from(error));
      else resolve(response);
    });
    const cancel = (): void => call.cancel();
    options.signal?.addEventListener('abort', cancel, { once: true });
  });
}

/** Calls a server-streaming method; leaving the loop or aborting the signal cancels the call. */
export async function* callServerStream<Request, Response>(
  client: Client,
  method: StreamMethod<Request, Response>,
  request: Request,
  options: CallOptions = {},
): AsyncGenerator<Response, void, undefined> {
  if (options.signal?.aborted) throw new OnescanError('CANCELLED', 'the call was cancelled');
  const deadline = options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs };
  const metadata = new Metadata();
  options.bring?.(metadata);
  const call = method.call(client, request, metadata, deadline);
  const cancel = (): void => call.cancel();
  options.signal?.addEventListener('abort', cancel, { once: true });
  try {
    for await (const response of call) yield response as Response;
  } catch (thrown) {
    throw OnescanError.from(thrown);
  } finally {
    options.signal?.removeEventListener('abort', cancel);
    call.cancel();
  }
}

type ClientStreamMethod<Request, Response> = (
  metadata: Metadata,
  options: Partial<GrpcCallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientWritableStream<Request>;

/**
 * Calls a client-streaming method with backpressure; errors come as OnescanError. Sends no more once the server has
 * answered. What `requests` throws cancels the call and is thrown.
 */
export async function callClientStream<Request, Response>(
  client: Client,
  method: ClientStreamMethod<Request, Response>,
  requests: AsyncIterable<Request>,
  { deadlineMs, bring }: Pick<CallOptions, 'deadlineMs' | 'bring'> = {},
): Promise<Response> {
  const deadline = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
  let stream!: ClientWritableStream<Request>;
  const metadata = new Metadata();
  bring?.(metadata);
  const answer = new Promise<Response>((resolve, reject) => {
    stream = method.call(client, metadata, deadline, (error, response) => {
      if (error) reject(OnescanError.from(error));
      else resolve(response);
    });
    // The callback tells the same.
    stream.on('error', () => undefined);
  });
  let answered = false;
  const over = answer.then(
    () => (answered = true),
    () => (answered = true),
  );
  try {
    for await (const request of requests) {
      if (answered) break;
      if (!stream.write(request)) await Promise.race([once(stream, 'drain'), over]);
    }
  } catch (thrown) {
    stream.cancel();
    throw thrown;
  }
  stream.end();
  return answer;
}
