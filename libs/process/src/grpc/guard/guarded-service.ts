import type { MethodDefinition } from '@grpc/grpc-js';
import { checkBounds, type MessageBounds } from '@onescan/contract/message-bounds.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';

/** What one method takes from its callers. */
export interface MethodLimits {
  /** Largest request message, in bytes, as it is after decompression. */
  readonly bytes: number;
}

/** The limits of a service: of each method, and of the fields of all their messages. */
export interface ServiceLimits<Service> {
  readonly methods: { readonly [Method in keyof Service]: MethodLimits };
  readonly fields: MessageBounds;
}

/** A request that is not handed to its method. */
export class RefusedRequest {
  constructor(readonly error: OnescanError) {}
}

/**
 * A service whose requests are checked where they arrive: size, whether they can be read, and every field's bound.
 * What exceeds a limit becomes a {@link RefusedRequest}, which the server's guard answers.
 */
export function guardedService<Service extends object>(
  service: Service,
  { methods, fields }: ServiceLimits<Service>,
): Service {
  const guard = <Request, Response>(
    method: MethodDefinition<Request, Response>,
    { bytes: most }: MethodLimits,
  ): MethodDefinition<Request | RefusedRequest, Response> => ({
    ...method,
    requestDeserialize: (bytes) => {
      try {
        return read(method, bytes, most, fields);
      } catch (thrown) {
        return new RefusedRequest(OnescanError.from(thrown, 'INVALID_ARGUMENT'));
      }
    },
    requestSerialize: method.requestSerialize as MethodDefinition<
      Request | RefusedRequest,
      Response
    >['requestSerialize'],
  });
  const guarded = Object.entries(service).map(([name, method]) => [
    name,
    guard(method as MethodDefinition<object, object>, methods[name as keyof Service]),
  ]);
  return Object.fromEntries(guarded) as Service;
}

function read<Request, Response>(
  method: MethodDefinition<Request, Response>,
  bytes: Buffer,
  most: number,
  fields: MessageBounds,
): Request {
  if (bytes.length > most) {
    throw new OnescanError('RESOURCE_EXHAUSTED', `${method.path} takes no message of ${bytes.length} bytes`, {
      remedy: `Allowed: at most ${most} bytes`,
    });
  }
  const request = decode(method, bytes);
  checkBounds(request as object, fields);
  return request;
}

function decode<Request, Response>(method: MethodDefinition<Request, Response>, bytes: Buffer): Request {
  try {
    return method.requestDeserialize(bytes);
  } catch (cause) {
    throw new OnescanError('INVALID_ARGUMENT', `${method.path} was sent bytes that are not its request`, {
      cause,
    });
  }
}
