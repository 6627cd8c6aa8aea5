import { setTimeout as sleep } from 'node:timers/promises';
import { type Run, RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { startRun } from '../runs.js';
import type { ServiceProcess } from '../service-process.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';
import { followRun, readRun } from './follow-run.js';
import { fingerprint, type RunFingerprint } from './run-fingerprint.js';
import { SeededChoice } from './seeded-choice.js';

export interface ChaosOptions {
  seed: number;
  spec: RunSpec;
  trainers: number;
  /** Bounds of the time between two kills, in milliseconds. */
  pauseMs: readonly [number, number];
  /** No more kills after so many, so that the run can end. */
  kills: number;
}

export type Victim = 'trainer' | 'coordinator' | 'fetcher';

export interface ChaosOutcome {
  undisturbed: RunFingerprint;
  disturbed: RunFingerprint;
  run: Run;
  /** In order. */
  kills: Victim[];
  /** Times that a run that ended PARTIAL was resumed: a task may lose three trainers by chance. */
  resumes: number;
  /** Streams on which the events were read; a missing or doubled event throws. */
  streams: number;
  events: number;
  statements: number;
  /** Bytes billed by the runs' own figures, with kills and without. */
  bytesBilled: { undisturbed: bigint; disturbed: bigint };
  seconds: { undisturbed: number; disturbed: number };
  logs: string;
}

/** Short, so that a loss is noticed soon. */
const LEASE = ['--lease-ms', '3000', '--heartbeat-ms', '300'];

const VICTIMS: readonly Victim[] = ['trainer', 'coordinator', 'fetcher'];

/**
 * Runs a spec undisturbed, then again in a new stack with a cache of its own while services are killed with
 * SIGKILL at random, and started again. What is killed when is chosen by the seed; what it hits depends on the
 * machine, as it should.
 */
export async function chaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const calm = await inStack(options, async (stack) => {
    const runId = await startRun(stack, options.spec);
    await followRun(stack, runId);
    const { bytesBilled } = await readRun(stack, runId);
    return { found: await fingerprint(stack, runId), bytesBilled };
  });
  const stormy = await inStack(options, (stack) => storm(stack, options));
  const { value, seconds } = stormy;
  return {
    ...value,
    undisturbed: calm.value.found,
    bytesBilled: { undisturbed: calm.value.bytesBilled, disturbed: value.run.bytesBilled },
    seconds: { undisturbed: calm.seconds, disturbed: seconds },
  };
}

async function inStack<T>(
  { trainers }: ChaosOptions,
  use: (stack: Stack) => Promise<T>,
): Promise<{ value: T; seconds: number }> {
  const stack = await Stack.start({ warehouse: WAREHOUSE, trainers, coordinatorFlags: LEASE });
  try {
    const started = performance.now();
    const value = await use(stack);
    return { value, seconds: (performance.now() - started) / 1000 };
  } finally {
    await stack.stop();
  }
}

async function storm(
  stack: Stack,
  options: ChaosOptions,
): Promise<Omit<ChaosOutcome, 'undisturbed' | 'seconds' | 'bytesBilled'>> {
  const runId = await startRun(stack, options.spec);
  const over = new AbortController();
  const killing = killAtRandom(stack, options, over.signal);
  killing.catch(() => undefined); // awaited below, after the run
  let resumes = 0;
  let events = 0;
  let streams = 0;
  for (let last = 0n; ; resumes++) {
    const followed = await followRun(stack, runId, () => undefined, last);
    last = followed.events.at(-1)?.sequence ?? last;
    events += followed.events.length;
    streams += followed.streams;
    if (followed.events.at(-1)?.event?.$case !== 'runState') continue;
    const run = await readRun(stack, runId);
    if (run.state !== RunState.RUN_STATE_PARTIAL && run.state !== RunState.RUN_STATE_FAILED) break;
    over.abort();
    await killing;
    await callUnary(stack.coordinator, stack.coordinator.resumeRun, { runId });
  }
  over.abort();
  const kills = await killing;
  return {
    disturbed: await fingerprint(stack, runId),
    run: await readRun(stack, runId),
    kills,
    resumes,
    events,
    streams,
    statements: (await stack.queryJobs()).length,
    logs: stack.logs(),
  };
}

/** Kills until it is over or enough; what it has killed runs again when it returns. */
async function killAtRandom(stack: Stack, options: ChaosOptions, over: AbortSignal): Promise<Victim[]> {
  const choice = new SeededChoice(options.seed);
  const kills: Victim[] = [];
  let alive = [...stack.trainers];
  while (kills.length < options.kills) {
    await sleep(choice.between(...options.pauseMs), undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) break;
    const victim = choice.of(VICTIMS);
    kills.push(victim);
    if (victim === 'coordinator') await stack.restartCoordinator();
    else if (victim === 'fetcher') await stack.restartFetcher();
    else alive = replace(stack, alive, choice.of(alive));
  }
  return kills;
}

function replace(stack: Stack, alive: ServiceProcess[], victim: ServiceProcess): ServiceProcess[] {
  victim.kill('SIGKILL');
  return [...alive.filter((trainer) => trainer !== victim), stack.addTrainer()];
}
