import { setTimeout as sleep } from 'node:timers/promises';
import type {
  CoordinatorServiceClient,
  RunEvent,
  WatchRunResponse,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callServerStream } from '@onescan/process/grpc/client.js';
import { isAway, retrying } from '@onescan/process/retrying.js';
import { applyEvent, hasEnded, type RunView } from '../view/run-view.js';

/** How often a stream that brings nothing is opened again, and the pause before each try, in milliseconds. */
const RETRIES = 20;
const RETRY_PAUSE_MS = 500;

export interface FollowOptions {
  signal: AbortSignal;
  /** Called with each event before it is applied to the view. */
  onEvent(event: RunEvent): void | Promise<void>;
  /** Called each time the view changed. */
  onChange?(view: RunView): void;
  /** Following stops after an event that makes this true. */
  until?(view: RunView): boolean;
}

/**
 * Follows a run from where `view` stands until the coordinator says that it has ended, or `until` holds. A
 * lost connection is taken up again after the last event seen, so no event is missed or shown twice, but for
 * those of long ago that the coordinator keeps no longer. A
 * resumed run has ended before in its own history, so an end counts only when the stream ends with it.
 *
 * @throws OnescanError UNAVAILABLE when the coordinator stays away, NOT_FOUND for an unknown run,
 *   CANCELLED when the signal aborts
 */
export async function followRun(
  client: CoordinatorServiceClient,
  view: RunView,
  options: FollowOptions,
): Promise<void> {
  const { signal } = options;
  let failures = 0;
  function* pauses(): Generator<number> {
    while (++failures <= RETRIES) yield RETRY_PAUSE_MS;
  }
  const follow = async (): Promise<void> => {
    for (;;) {
      const before = view.sequence;
      try {
        if (await followOnce(client, view, options)) return;
      } catch (thrown) {
        if (signal.aborted) throw new OnescanError('CANCELLED', 'interrupted', { cause: thrown });
        const error = OnescanError.from(thrown);
        if (skipRemoved(view, error)) continue;
        if (view.sequence > before) failures = 0;
        throw error;
      }
      await sleep(RETRY_PAUSE_MS, undefined, { signal });
    }
  };
  await retrying(follow, { waitsMs: pauses(), isPassing: isAway, signal });
}

/** Goes on after events that the coordinator keeps no longer; false when the error is another. */
function skipRemoved(view: RunView, { code, details }: OnescanError): boolean {
  const { firstSequence } = details;
  if (code !== 'OUT_OF_RANGE' || typeof firstSequence !== 'number') return false;
  const before = BigInt(firstSequence) - 1n;
  if (before <= view.sequence) return false;
  view.sequence = before;
  return true;
}

/** Reads one stream; true when following is over, false when the stream ended while the run goes on. */
async function followOnce(
  client: CoordinatorServiceClient,
  view: RunView,
  options: FollowOptions,
): Promise<boolean> {
  const request = { runId: view.runId, afterSequence: view.sequence };
  const stream: AsyncIterable<WatchRunResponse> = callServerStream(client, client.watchRun, request, {
    signal: options.signal,
  });
  for await (const { event } of stream) {
    if (!event || event.sequence <= view.sequence) continue;
    await options.onEvent(event);
    applyEvent(view, event);
    options.onChange?.(view);
    if (options.until?.(view)) return true;
  }
  return hasEnded(view.state);
}
