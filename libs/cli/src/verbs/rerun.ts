import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { driveRun } from '../connection/drive-run.js';
import { startRun } from '../connection/start-run.js';
import type { Act } from '../context.js';
import { addPartOptions, addPresetOptions, type PartOptions } from '../options/run-options.js';
import { addTagOptions, type TagOptions, tagsOf } from '../options/tag-options.js';

interface Options extends PartOptions, TagOptions {}

/** `onescan rerun`: trains again on the datasets of an earlier run or parts of them; never asks the warehouse, so costs nothing. */
export function addRerunVerb(program: Command, act: Act): void {
  const command = program
    .command('rerun <run>')
    .description(
      'train again on the datasets of an earlier run, or parts of them; never queries, costs nothing',
    );
  addTagOptions(addPartOptions(addPresetOptions(command))).action(
    act(async (invocation, options: Options, runId: string) => {
      const spec = rerunSpecOf(options);
      return withCoordinator(invocation, async (client) => {
        const started = await startRun(client, { spec, rerunOf: runId, tags: tagsOf(options) });
        return driveRun(client, started, invocation, { approval: 'within-budget' });
      });
    }),
  );
}

/** What is to be different; groups by their names, which the earlier run knows. */
function rerunSpecOf({ preset, set, pairs, horizons, rows, groups, exclude }: Options): RunSpec {
  const isPart = groups !== undefined || exclude !== undefined;
  return RunSpec.fromJSON({
    preset,
    overrides: set ?? {},
    pairs,
    horizons,
    ...(rows === undefined ? {} : { sample: { rows } }),
    ...(isPart ? { universe: { groups: groups?.map((name) => ({ name })), exclude } } : {}),
  });
}
