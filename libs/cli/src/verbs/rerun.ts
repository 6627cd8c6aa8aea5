import { RunSpec } from '@onescan/shared/generated/onescan/v1/spec.js';
import { callUnary } from '@onescan/shared/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { driveRun } from '../connection/drive-run.js';
import type { Act } from '../context.js';
import { addPresetOptions, type RunOptions } from '../options/run-options.js';
import { PLAN_DEADLINE_MS } from './plan.js';

type Options = Pick<RunOptions, 'preset' | 'set'>;

/** `onescan rerun`: trains again on the datasets of an earlier run; never asks the warehouse, so costs nothing. */
export function addRerunVerb(program: Command, act: Act): void {
  const command = program
    .command('rerun <run>')
    .description('train again on the datasets of an earlier run; never queries, costs nothing');
  addPresetOptions(command).action(
    act(async (invocation, options: Options, runId: string) => {
      const spec = RunSpec.fromJSON({ preset: options.preset, overrides: options.set ?? {} });
      return withCoordinator(invocation, async (client) => {
        const request = { spec, rerunOf: runId };
        const started = await callUnary(client, client.startRun, request, { deadlineMs: PLAN_DEADLINE_MS });
        return driveRun(client, started.runId, invocation, { approval: 'within-budget' });
      });
    }),
  );
}
