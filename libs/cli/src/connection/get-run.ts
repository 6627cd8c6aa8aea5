import type { CoordinatorServiceClient, Run } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callUnary } from '@onescan/process/grpc/client.js';

/** A run as it stands. @throws OnescanError NOT_FOUND for an unknown run */
export async function getRun(client: CoordinatorServiceClient, runId: string): Promise<Run> {
  const { run } = await callUnary(client, client.getRun, { runId });
  if (!run) throw new OnescanError('INTERNAL', `the coordinator answered without the run ${runId}`);
  return run;
}
