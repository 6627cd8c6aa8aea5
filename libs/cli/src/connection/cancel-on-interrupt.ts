import { InterceptingCall, type Interceptor, status } from '@grpc/grpc-js';

/**
 * Cancels the calls that are under way when `interrupt` aborts, so that no verb can leave Ctrl-C unanswered. Calls that
 * are begun afterwards, to leave in order, go through.
 */
export function cancelOnInterrupt(interrupt: AbortSignal): Interceptor {
  return (options, nextCall) => {
    const cancel = (): void => call.cancelWithStatus(status.CANCELLED, 'interrupted');
    const call = new InterceptingCall(nextCall(options), {
      start: (metadata, _listener, next) =>
        next(metadata, {
          onReceiveStatus: (received, pass) => {
            interrupt.removeEventListener('abort', cancel);
            pass(received);
          },
        }),
    });
    if (!interrupt.aborted) interrupt.addEventListener('abort', cancel, { once: true });
    return call;
  };
}
