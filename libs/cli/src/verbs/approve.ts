import { formatUsd } from '@onescan/contract/format/usd.js';
import { Run } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { messageJson } from '@onescan/contract/message-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { userName } from '@onescan/process/user-name.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { driveRun } from '../connection/drive-run.js';
import { getRun } from '../connection/get-run.js';
import { approveRun } from '../connection/start-run.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { writeJson } from '../output/write-json.js';

interface Options {
  planHash?: string;
  as?: string;
  watch?: boolean;
}

/** `onescan approve`: lets a run that waits go on. */
export function addApproveVerb(program: Command, act: Act): void {
  program
    .command('approve <run>')
    .description('approve the plan of a run, or what follows its pilot')
    .option('--plan-hash <hash>', 'refuse unless the plan is this one (default: the plan the run has now)')
    .option('--as <name>', 'who approves (default: your user name)')
    .option('--watch', 'follow the run to its end')
    .action(
      act(async (invocation, options: Options, runId: string) =>
        withCoordinator(invocation, async (client) => {
          const { terminal, global } = invocation;
          const { plan } = await getRun(client, runId);
          if (!plan) throw new OnescanError('FAILED_PRECONDITION', `run ${runId} has no plan yet`);
          const planHash = options.planHash ?? plan.planHash;
          const approvedBy = options.as ?? userName();
          const run = await approveRun(client, { runId, planHash, approvedBy, automatic: false });
          if (options.watch) return driveRun(client, runId, invocation, { approval: 'ask' });
          if (global.json) await writeJson(terminal, messageJson(Run, run));
          else await terminal.write(`approved ${runId}: ${formatUsd(plan.usd)}, plan ${planHash}\n`);
          return EXIT.ok;
        }),
      ),
    );
}
