import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import type { Stack } from '../stack.js';
import type { KnownIds } from './known-ids.js';

const REASON = 'the trial is over';
const POLL_MS = 20;

/**
 * Cancels and removes every run but the known one.
 *
 * @returns the statements that were run until then, and the runs that may have been billed: those with an approval, and
 *   those that asked to approve themselves
 */
export async function removeHostileRuns(
  stack: Stack,
  known: KnownIds,
): Promise<{ jobs: QueryJob[]; approved: Set<string> }> {
  const approved = new Set([known.runId, ...known.selfApproved]);
  for (const runId of await hostileRuns(stack, known)) {
    const { coordinator } = stack;
    const { run } = await callUnary(coordinator, coordinator.getRun, { runId });
    if (run!.approvals.length > 0) approved.add(runId);
    await callUnary(coordinator, coordinator.cancelRun, { runId, pair: '', reason: REASON }).catch(
      () => undefined,
    );
  }
  const jobs = await stack.queryJobs();
  for (const runId of await hostileRuns(stack, known)) await removed(stack, runId);
  return { jobs, approved };
}

async function hostileRuns({ coordinator }: Stack, { runId }: KnownIds): Promise<string[]> {
  const ids: string[] = [];
  for (let pageToken: string | undefined; pageToken !== ''; ) {
    const page = await callUnary(coordinator, coordinator.listRuns, {
      pageSize: 500,
      pageToken,
      filter: undefined,
    });
    ids.push(...page.runs.map((run) => run.runId));
    pageToken = page.nextPageToken;
  }
  return ids.filter((id) => id !== runId);
}

/** Removes a run once it has ended. */
async function removed({ coordinator }: Stack, runId: string): Promise<void> {
  for (;;) {
    try {
      await callUnary(coordinator, coordinator.deleteRun, { runId });
      return;
    } catch (thrown) {
      if ((thrown as { code?: string }).code !== 'FAILED_PRECONDITION') throw thrown;
      await sleep(POLL_MS);
    }
  }
}
