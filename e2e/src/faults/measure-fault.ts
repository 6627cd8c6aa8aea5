import { TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { startRun } from '../runs.js';
import type { Stack } from '../stack.js';
import { followRun, readRun } from './follow-run.js';
import { fingerprint, type RunFingerprint } from './run-fingerprint.js';
import { whenWorking } from './when-working.js';

export interface Fault {
  name: string;
  /** Run whose datasets are trained on again, and what it found. */
  rerunOf: string;
  expected: RunFingerprint;
  /** Called when a trainer computes, with its id. */
  inject(trainerId: string): Promise<void> | void;
}

export interface MeasuredFault {
  name: string;
  /** Until the task was taken back; undefined when it was not. */
  noticedSeconds: number | undefined;
  /** Until a trainer worked on the run again: the task's next attempt, or its own progress after a restart. */
  recoveredSeconds: number;
  /** Tasks without a result at the end. */
  lost: number;
  /** True when every byte is as without the fault. */
  same: boolean;
}

/** Runs a rerun, injects a fault while a trainer computes, and measures what follows. */
export async function measureFault(stack: Stack, fault: Fault): Promise<MeasuredFault> {
  const runId = await startRun(stack, undefined, fault.rerunOf);
  let injectedAt = 0;
  let victim = '';
  const injected: (Promise<void> | void)[] = [];
  let noticedAt: number | undefined;
  let recoveredAt: number | undefined;
  const inject = whenWorking('', (trainerId) => {
    injectedAt = performance.now();
    victim = trainerId;
    injected.push(fault.inject(trainerId));
  });
  await followRun(stack, runId, (event) => {
    const wasInjected = injectedAt > 0;
    inject(event);
    if (!wasInjected || event.event?.$case !== 'task') return;
    const { state, attempt, trainerId } = event.event.value;
    if (attempt > 1) noticedAt ??= performance.now();
    const again =
      attempt > 1 ? state === TaskState.TASK_STATE_LEASED : trainerId === victim && injected[0] !== undefined;
    if (again) recoveredAt ??= performance.now();
  });
  await injected[0];
  const run = await readRun(stack, runId);
  const found = await fingerprint(stack, runId);
  return {
    name: fault.name,
    noticedSeconds: noticedAt === undefined ? undefined : (noticedAt - injectedAt) / 1000,
    recoveredSeconds: ((recoveredAt ?? Number.NaN) - injectedAt) / 1000,
    lost: run.tasks.length - Object.keys(found.documents).length,
    same: JSON.stringify(found) === JSON.stringify(fault.expected),
  };
}
