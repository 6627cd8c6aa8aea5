import { createHash, timingSafeEqual } from 'node:crypto';
import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { OnescanError } from '../onescan-error.js';

/** Under which handlers find who calls; whatever a peer sends under it is thrown away. */
const CALLER = 'x-onescan-caller';

/** Says whether a server is up, and nothing else. */
const PUBLIC = /^\/grpc\.health\.v1\.Health\//;

/** Who calls a server, as far as the server knows by itself. */
export interface CallerRules {
  /** Name of whoever gets through; empty when nobody is told from another. */
  readonly name: string;
  /** Bearer token that every call must bring, health checks apart. */
  readonly token?: string;
}

/** Lets calls through by their token, and notes who calls. */
export function callerInterceptor({ name, token }: CallerRules): ServerInterceptor {
  return (method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, go) => {
            if (token !== undefined && !PUBLIC.test(method.path) && !isBearerOf(token, metadata)) {
              call.sendStatus(unauthenticated().toServiceError());
              return;
            }
            metadata.remove(CALLER);
            if (name !== '') metadata.set(CALLER, encodeURIComponent(name));
            go(metadata);
          },
        }),
    });
}

/** Who called, by what the server knows; empty when it knows nobody. */
export function callerOf({ metadata }: { metadata: Metadata }): string {
  const [name] = metadata.get(CALLER);
  return typeof name === 'string' ? decodeURIComponent(name) : '';
}

function isBearerOf(token: string, metadata: Metadata): boolean {
  const [given] = metadata.get('authorization');
  const text = typeof given === 'string' ? given.replace(/^Bearer /i, '') : '';
  // Hashes are of one length, so that the comparison tells nothing of the token's.
  return timingSafeEqual(sha256(text), sha256(token));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function unauthenticated(): OnescanError {
  return new OnescanError('UNAUTHENTICATED', 'this address takes calls with its bearer token only', {
    remedy:
      'Send "authorization: Bearer TOKEN"; the command takes the file with --token-file or ONESCAN_TOKEN_FILE',
  });
}
