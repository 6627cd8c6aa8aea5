import { callUnary } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { driveRun } from '../connection/drive-run.js';
import type { Act } from '../context.js';

/** `onescan resume`: takes up what a partial, failed or cancelled run has not finished, and follows it. */
export function addResumeVerb(program: Command, act: Act): void {
  program
    .command('resume <run>')
    .description('take up again what a partial, failed or cancelled run has not finished')
    .action(
      act(async (invocation, _options: object, runId: string) =>
        withCoordinator(invocation, async (client) => {
          await callUnary(client, client.resumeRun, { runId });
          return driveRun(client, runId, invocation, { approval: 'ask' });
        }),
      ),
    );
}
