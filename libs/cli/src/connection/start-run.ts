import { randomUUID } from 'node:crypto';
import type { Metadata } from '@grpc/grpc-js';
import {
  type ApproveRunRequest,
  type CoordinatorServiceClient,
  CoordinatorServiceService,
  type Run,
  type RunTags,
  type StartRunRequest,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { inClientSpan } from '@onescan/process/grpc/rpc-span.js';
import { isAway, retrying } from '@onescan/process/retrying.js';

const { path: START_RUN } = CoordinatorServiceService.startRun;

/** A rerun looks through the results of the run before. */
const START_DEADLINE_MS = 10 * 60_000;
/** Before a request is sent again of which nobody knows whether it arrived, in milliseconds. */
const WAITS_MS = [500, 500];

/** What a verb says of a new run. */
export type NewRun = Pick<StartRunRequest, 'spec' | 'rerunOf'> & { tags?: RunTags | undefined };

/** Starts a run, once, also where an answer is lost and the request is sent again. */
export async function startRun(client: CoordinatorServiceClient, run: NewRun): Promise<string> {
  const request = { ...run, tags: run.tags, requestId: randomUUID() };
  const options = { deadlineMs: START_DEADLINE_MS };
  const send = (bring: (metadata: Metadata) => void) =>
    sent(() => callUnary(client, client.startRun, request, { ...options, bring }));
  const { runId } = await inCommandSpan('onescan run', () => inClientSpan(START_RUN, send));
  return runId;
}

/** Approves a plan, or the rest after a pilot, once, also where an answer is lost. */
export async function approveRun(
  client: CoordinatorServiceClient,
  approval: Omit<ApproveRunRequest, 'requestId'>,
): Promise<Run> {
  const request = { ...approval, requestId: randomUUID() };
  return (await sent(() => callUnary(client, client.approveRun, request))).run!;
}

function sent<T>(send: () => Promise<T>): Promise<T> {
  return retrying(send, { waitsMs: WAITS_MS, isPassing: isAway });
}

/** Log of a command that nobody reads: what it has to say is on the terminal. */
const SILENT = { warn: () => undefined, debug: () => undefined };

/**
 * Runs what a command has a service do in a span that is the root of its trace, where the variables of OpenTelemetry
 * say that spans are sent. The span is sent before this ends: a command that is killed while it watches a run
 * leaves the run its parent.
 */
async function inCommandSpan<T>(name: string, fn: () => Promise<T>): Promise<T> {
  if (!Object.keys(process.env).some((variable) => variable.startsWith('OTEL_'))) return fn();
  // Loaded when they are needed: they would double the time that every verb takes to start.
  const [{ startTracing }, { preciseNowMs, withSpan }] = await Promise.all([
    import('@onescan/process/telemetry/start-tracing.js'),
    import('@onescan/process/telemetry/tracing.js'),
  ]);
  const tracing = await startTracing('onescan', SILENT);
  try {
    // Whole milliseconds, as its calls: a run that is opened again has no finer begin.
    return await withSpan(name, { startMs: Math.floor(preciseNowMs()) }, fn);
  } finally {
    await tracing.shutdown();
  }
}
