import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { driveRun } from '../connection/drive-run.js';
import { startRun } from '../connection/start-run.js';
import type { Act } from '../context.js';
import { addRunOptions, type RunOptions, specFromOptions } from '../options/run-options.js';
import { addTagOptions, type TagOptions, tagsOf } from '../options/tag-options.js';

interface Options extends RunOptions, TagOptions {
  yes?: boolean;
}

/** `onescan run`: plans, gets approval, fetches, trains; waits for the end. */
export function addRunVerb(program: Command, act: Act): void {
  const command = program
    .command('run')
    .description('plan a run, get it approved, and follow it to its end')
    .option(
      '--yes',
      'approve the plan when its estimate is within the budget and what needs no person (up --auto-approve)',
    );
  addTagOptions(addRunOptions(command)).action(
    act(async (invocation, options: Options) => {
      const spec = specFromOptions(options);
      return withCoordinator(invocation, async (client) => {
        const runId = await startRun(client, { spec, rerunOf: '', tags: tagsOf(options) });
        return driveRun(client, runId, invocation, { approval: options.yes ? 'within-budget' : 'ask' });
      });
    }),
  );
}
