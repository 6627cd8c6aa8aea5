import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { driveRun } from '../connection/drive-run.js';
import type { Act } from '../context.js';

/** `onescan watch`: shows a run from its first event on, live until it ends. */
export function addWatchVerb(program: Command, act: Act): void {
  program
    .command('watch <run>')
    .description('follow a run to its end; never approves')
    .action(
      act(async (invocation, _options: object, runId: string) =>
        withCoordinator(invocation, (client) => driveRun(client, runId, invocation, { approval: 'wait' })),
      ),
    );
}
