import { EventEmitter } from 'node:events';
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  status,
} from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { AccessGuard, type AccessGuardOptions } from './access/access-guard.js';
import { CallRate } from './guard/call-rate.js';
import { serverGuard } from './guard/server-guard.js';
import { SERVER_LIMITS } from './guard/server-limits.js';

type Listener = Parameters<ServerInterceptingCallInterface['start']>[0];
type Status = Pick<StatusObject, 'code' | 'details'> & { readonly metadata?: Metadata | null };

type SentStatus = Parameters<ServerInterceptingCallInterface['sendStatus']>[0];

/** Any method of a service; its messages are checked where they are read. */
type Method = MethodDefinition<object, object>;

export interface InProcessOptions {
  /** Methods by name, as a guarded service has them: their requests are read from bytes and held against their bounds. */
  readonly definition: object;
  /** Their handlers by the same names. */
  readonly implementation: object;
  readonly identify: AccessGuardOptions['identify'];
  readonly onRefused?: AccessGuardOptions['onRefused'];
  /** Stand between the guards and the methods, as with a server. */
  readonly interceptors?: readonly ServerInterceptor[];
}

export interface InProcessCall {
  /** What the caller brings to be known by, as a header "authorization". */
  readonly authorization: string;
  /** Whose calls are counted together. */
  readonly peer: string;
  readonly signal: AbortSignal;
  /** Takes one message after the other; the next comes when it is done. */
  onMessage(message: object): Promise<void> | void;
}

/**
 * Calls the methods of a service without a socket, for doors that speak something else than gRPC. A call goes the way that
 * one from a socket goes: rate, roles by the one table, interceptors (the audit among them), bounds of the request, handler.
 */
export class InProcessCalls {
  readonly #options: InProcessOptions;
  readonly #guard: AccessGuard;
  readonly #interceptors: readonly ServerInterceptor[];

  constructor(options: InProcessOptions) {
    this.#options = options;
    this.#guard = new AccessGuard({
      identify: options.identify,
      certificateOf: () => undefined,
      ...(options.onRefused ? { onRefused: options.onRefused } : {}),
    });
    this.#interceptors = [
      serverGuard(new CallRate(SERVER_LIMITS.calls), SERVER_LIMITS.firstMessageMs),
      this.#guard.interceptor,
      ...(options.interceptors ?? []),
    ];
  }

  /** Ends the calls under way that would not be let in now. */
  recheck(): void {
    this.#guard.recheck();
  }

  /**
   * Calls a method and waits for its end.
   *
   * @param name as the service's definition has it, e.g. "getRun"
   * @throws OnescanError with the status that the call ended with; UNIMPLEMENTED when there is no such method
   */
  call(name: string, request: object, call: InProcessCall): Promise<void> {
    const method = own<Method>(this.#options.definition, name);
    const handler = own<unknown>(this.#options.implementation, name);
    if (!method || !handler)
      return Promise.reject(new OnescanError('UNIMPLEMENTED', 'there is no such method'));
    const bytes = method.requestSerialize(request);
    return new Promise((resolve, reject) => {
      const base = new BaseCall(method.requestDeserialize(bytes), call, (ended) => {
        call.signal.removeEventListener('abort', base.cancel);
        if (ended.code === status.OK) resolve();
        else reject(errorOf(ended));
      });
      call.signal.addEventListener('abort', base.cancel, { once: true });
      let outer: ServerInterceptingCallInterface = base;
      for (const interceptor of this.#interceptors) outer = interceptor(method, outer);
      outer.start(handling(method, handler, outer));
      if (call.signal.aborted) base.cancel();
    });
  }
}

/** The end of a call that stands where a socket's stream would. */
class BaseCall implements ServerInterceptingCallInterface {
  #listener: Listener | undefined;
  #ended = false;

  constructor(
    private readonly request: object,
    private readonly call: InProcessCall,
    private readonly onEnd: (ended: Status) => void,
  ) {}

  readonly cancel = (): void => {
    this.#end({ code: status.CANCELLED, details: 'the caller is gone' });
  };

  start(listener: Listener): void {
    this.#listener = listener;
    const metadata = new Metadata();
    metadata.set('authorization', this.call.authorization);
    listener.onReceiveMetadata(metadata);
  }

  startRead(): void {
    if (this.#ended) return;
    this.#listener?.onReceiveMessage(this.request);
    this.#listener?.onReceiveHalfClose();
  }

  sendMetadata(): void {}

  sendMessage(message: object, callback: () => void): void {
    if (this.#ended) {
      callback();
      return;
    }
    // An async wrapper: what is thrown at once counts as what is thrown later.
    (async () => this.call.onMessage(message))().then(callback, (thrown: unknown) => {
      this.#end({ code: status.ABORTED, details: OnescanError.from(thrown).text });
      callback();
    });
  }

  sendStatus({ code, details, metadata }: SentStatus): void {
    this.#end({ code: code ?? status.UNKNOWN, details: details ?? '', metadata: metadata ?? null });
  }

  getPeer(): string {
    return this.call.peer;
  }

  getDeadline(): number {
    return Number.POSITIVE_INFINITY;
  }

  getHost(): string {
    return 'in process';
  }

  getAuthContext(): ReturnType<ServerInterceptingCallInterface['getAuthContext']> {
    return {};
  }

  getConnectionInfo(): ReturnType<ServerInterceptingCallInterface['getConnectionInfo']> {
    return {};
  }

  getMetricsRecorder(): never {
    throw new OnescanError('UNIMPLEMENTED', 'a call in process records no metrics');
  }

  #end(ended: Status): void {
    if (this.#ended) return;
    this.#ended = true;
    this.onEnd(ended);
    // A handler that is still at work learns that nobody listens; to one that has ended it is nothing.
    this.#listener?.onCancel();
  }
}

/** Hands what arrives to a handler, as grpc-js does. */
function handling(method: Method, handler: unknown, outer: ServerInterceptingCallInterface): Listener {
  let metadata = new Metadata();
  let request: object = {};
  let call: EventEmitter | undefined;
  return {
    onReceiveMetadata: (received) => {
      metadata = received;
      outer.startRead();
    },
    onReceiveMessage: (received: object) => {
      request = received;
    },
    onReceiveHalfClose: () => {
      const base = Object.assign(new EventEmitter(), {
        request,
        metadata,
        getPath: () => method.path,
        getPeer: () => outer.getPeer(),
      });
      call = base;
      if (method.responseStream) runStream(base, handler as handleServerStreamingCall<object, object>, outer);
      else runUnary(base, handler as handleUnaryCall<object, object>, outer);
    },
    onCancel: () => call?.emit('cancelled', 'cancelled'),
  };
}

function runUnary(
  call: EventEmitter,
  handler: handleUnaryCall<object, object>,
  outer: ServerInterceptingCallInterface,
): void {
  handler(call as ServerUnaryCall<object, object>, (failure, response) => {
    if (failure) return outer.sendStatus(failure as Status);
    outer.sendMessage(response, () => outer.sendStatus({ code: status.OK, details: '' }));
  });
}

function runStream(
  call: EventEmitter,
  handler: handleServerStreamingCall<object, object>,
  outer: ServerInterceptingCallInterface,
): void {
  Object.assign(call, {
    write: (message: object, callback: () => void) => outer.sendMessage(message, callback),
    end: () => outer.sendStatus({ code: status.OK, details: '' }),
  });
  call.on('error', (failure: Status) => outer.sendStatus(failure));
  handler(call as ServerWritableStream<object, object>);
}

function errorOf({ code, details, metadata }: Status): OnescanError {
  return OnescanError.from(
    Object.assign(new Error(details), { code, details, metadata: metadata ?? new Metadata() }),
  );
}

function own<T>(of: object, name: string): T | undefined {
  return Object.hasOwn(of, name) ? (of as Record<string, T>)[name] : undefined;
}
