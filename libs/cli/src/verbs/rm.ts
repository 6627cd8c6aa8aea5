import { callUnary } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { writeJson } from '../output/write-json.js';

/** `onescan rm`: removes runs that have ended. */
export function addRmVerb(program: Command, act: Act): void {
  program
    .command('rm <runs...>')
    .description('remove runs that have ended, with results, ledger and report; datasets stay in the cache')
    .action(
      act(async (invocation, _options: object, runIds: string[]) =>
        withCoordinator(invocation, async (client) => {
          const { terminal, global } = invocation;
          for (const runId of runIds) {
            await callUnary(client, client.deleteRun, { runId });
            if (!global.json) await terminal.write(`removed ${runId}\n`);
          }
          if (global.json) await writeJson(terminal, { removed: runIds });
          return EXIT.ok;
        }),
      ),
    );
}
