import { PlanRunResponse } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { messageJson } from '@onescan/contract/message-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT, whilePlanning } from '../exit-code.js';
import { addRunOptions, type RunOptions, specFromOptions } from '../options/run-options.js';
import { writeJson } from '../output/write-json.js';
import { overBudget } from '../view/over-budget.js';
import { planText } from '../view/plan-text.js';

/** A plan over 28 pairs and hundreds of tables takes a while to dry-run. */
const PLAN_DEADLINE_MS = 10 * 60_000;

/** `onescan plan`: what a run would read and cost; nothing is stored, no table is read. Exits 3 over budget. */
export function addPlanVerb(program: Command, act: Act): void {
  const command = program
    .command('plan')
    .description(
      'show what a run would read and cost, by free dry runs; on BigQuery looking up the tables is billed, about $0.0004',
    );
  addRunOptions(command).action(
    act(async (invocation, options: RunOptions) => {
      const { terminal, global } = invocation;
      const spec = specFromOptions(options);
      const response = await withCoordinator(invocation, (client) =>
        callUnary(
          client,
          client.planRun,
          { spec },
          { deadlineMs: PLAN_DEADLINE_MS, signal: terminal.interrupt },
        ).catch((thrown) => {
          throw whilePlanning(thrown);
        }),
      );
      const { plan } = response;
      if (!plan) throw new OnescanError('INTERNAL', 'the coordinator answered without a plan');
      if (global.json) await writeJson(terminal, messageJson(PlanRunResponse, response));
      else await terminal.write(planText(plan));
      return overBudget(plan) === undefined ? EXIT.ok : EXIT.needsApproval;
    }),
  );
}
