import { setTimeout as sleep } from 'node:timers/promises';
import { type Run, type RunEvent, RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callServerStream, callUnary } from '@onescan/process/grpc/client.js';
import type { Stack } from '../stack.js';

const AGAIN_MS = 100;

/** States in which a run does nothing more by itself. */
const RESTING: ReadonlySet<RunState> = new Set([
  RunState.RUN_STATE_COMPLETED,
  RunState.RUN_STATE_PARTIAL,
  RunState.RUN_STATE_FAILED,
  RunState.RUN_STATE_CANCELLED,
  RunState.RUN_STATE_AWAITING_APPROVAL,
  RunState.RUN_STATE_AWAITING_PILOT_APPROVAL,
]);

/** What a watcher has seen of a run, over all its streams. */
export interface Followed {
  events: RunEvent[];
  /** Streams that were opened. */
  streams: number;
}

/**
 * Follows a run until it rests, or until an event fits, opening a new stream after the last event whenever one breaks.
 *
 * @throws Error when an event is missing, doubled or out of order
 */
export async function followRun(
  stack: Stack,
  runId: string,
  onEvent: (event: RunEvent) => void = () => undefined,
  afterSequence = 0n,
  until: (event: RunEvent) => boolean = isRest,
): Promise<Followed> {
  const followed: Followed = { events: [], streams: 0 };
  let last = afterSequence;
  for (;;) {
    followed.streams++;
    const { coordinator } = stack;
    try {
      const request = { runId, afterSequence: last };
      for await (const { event } of callServerStream(coordinator, coordinator.watchRun, request)) {
        if (event!.sequence !== last + 1n) throw new Error(`event ${event!.sequence} came after ${last}`);
        last = event!.sequence;
        followed.events.push(event!);
        onEvent(event!);
        if (until(event!)) return followed;
      }
    } catch (thrown) {
      // A restart replaces the client and closes the one in use.
      if (stack.coordinator === coordinator && OnescanError.from(thrown).code !== 'UNAVAILABLE') throw thrown;
    }
    await sleep(AGAIN_MS);
  }
}

function isRest({ event }: RunEvent): boolean {
  return event?.$case === 'runState' && RESTING.has(event.value.state);
}

/** GetRun that outlasts a coordinator that is away. */
export async function readRun(stack: Stack, runId: string): Promise<Run> {
  for (;;) {
    const { coordinator } = stack;
    try {
      return (await callUnary(coordinator, coordinator.getRun, { runId })).run!;
    } catch (thrown) {
      if (stack.coordinator === coordinator && OnescanError.from(thrown).code !== 'UNAVAILABLE') throw thrown;
      await sleep(AGAIN_MS);
    }
  }
}
