import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { CallRate } from './call-rate.js';
import { RefusedRequest } from './guarded-service.js';

/**
 * Stands before every method of a server: answers requests that are refused, callers that call too often, and calls
 * whose first message does not come.
 */
export function serverGuard(rate: CallRate, firstMessageMs: number): ServerInterceptor {
  return (_method, call) => {
    let timer: NodeJS.Timeout | undefined;
    const refuse = (error: OnescanError): void => {
      clearTimeout(timer);
      const { code, details, metadata } = error.toServiceError();
      call.sendStatus({ code, details, metadata });
    };
    return new ServerInterceptingCall(call, {
      start: (next) => {
        const peer = call.getPeer();
        next({
          onReceiveMetadata: (metadata, nextMetadata) => {
            if (!rate.take(peer)) return refuse(tooOften(rate.perSecond));
            timer = setTimeout(() => refuse(silent(firstMessageMs)), firstMessageMs);
            nextMetadata(metadata);
          },
          onReceiveMessage: (message: unknown, nextMessage) => {
            clearTimeout(timer);
            if (message instanceof RefusedRequest) refuse(message.error);
            else nextMessage(message);
          },
          onReceiveHalfClose: (nextHalfClose) => {
            clearTimeout(timer);
            nextHalfClose();
          },
          onCancel: () => clearTimeout(timer),
        });
      },
    });
  };
}

function tooOften(perSecond: number): OnescanError {
  return new OnescanError('RESOURCE_EXHAUSTED', 'too many calls on one connection', {
    remedy: `Allowed: ${perSecond} calls a second`,
  });
}

function silent(ms: number): OnescanError {
  return new OnescanError('DEADLINE_EXCEEDED', `no message came within ${ms / 1_000} s of the call`);
}
