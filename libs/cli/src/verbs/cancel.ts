import { Run } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { messageJson } from '@onescan/contract/message-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { writeJson } from '../output/write-json.js';
import { runStateName } from '../view/state-names.js';

interface Options {
  pair?: string;
  reason?: string;
}

/** `onescan cancel`: stops a run, or one pair of it; finished horizons are kept. */
export function addCancelVerb(program: Command, act: Act): void {
  program
    .command('cancel <run>')
    .description('stop a run; what is finished is kept')
    .option('--pair <pair>', 'only this pair')
    .option('--reason <text>', 'for the record', 'cancelled from the command line')
    .action(
      act(async (invocation, options: Options, runId: string) =>
        withCoordinator(invocation, async (client) => {
          const { run } = await callUnary(client, client.cancelRun, {
            runId,
            pair: options.pair ?? '',
            reason: options.reason ?? '',
          });
          if (!run) throw new OnescanError('INTERNAL', 'the coordinator answered without the run');
          const { terminal, global } = invocation;
          if (global.json) await writeJson(terminal, messageJson(Run, run));
          else await terminal.write(`${runId}: ${runStateName(run.state)}\n`);
          return EXIT.ok;
        }),
      ),
    );
}
