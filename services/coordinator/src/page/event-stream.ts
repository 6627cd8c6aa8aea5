import type { ServerResponse } from 'node:http';
import type { WatchRunResponse } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { InProcessCall, InProcessCalls } from '@onescan/process/grpc/in-process-calls.js';
import { WATCH } from './page-methods.js';
import { PAGE_HEADERS } from './page-security.js';

/** A line now and then, so that a connection that is gone is noticed, in milliseconds. */
const ALIVE_MS = 15_000;

/**
 * Sends the events of a run as Server-Sent Events: each under its sequence number, from the one after `afterSequence`
 * on, then "end" when the run has ended.
 *
 * @param json of the request, whose fields are checked as those of any call
 * @throws OnescanError as WatchRun, when nothing was sent yet
 */
export async function streamEvents(
  calls: InProcessCalls,
  json: Record<string, unknown>,
  { response, ...call }: Omit<InProcessCall, 'onMessage'> & { readonly response: ServerResponse },
): Promise<void> {
  const request = WATCH.request(json);
  const begin = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, {
      ...PAGE_HEADERS,
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    });
  };
  const alive = setInterval(() => {
    begin();
    response.write(': still here\n\n');
  }, ALIVE_MS);
  try {
    await calls.call('watchRun', request, {
      ...call,
      onMessage: async (message) => {
        begin();
        const { sequence, json: event } = WATCH.answer(message as WatchRunResponse);
        const text = `id: ${sequence}\ndata: ${JSON.stringify(event)}\n\n`;
        if (!response.write(text)) await drained(response, call.signal);
      },
    });
    begin();
    response.end('event: end\ndata: {}\n\n');
  } finally {
    clearInterval(alive);
  }
}

/** Waits until what was written has left, or its reader has. */
export function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (signal.aborted || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.on('drain', done);
    signal.addEventListener('abort', done);
  });
}
