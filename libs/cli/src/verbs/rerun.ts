import type { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { driveRun } from '../connection/drive-run.js';
import { getRun } from '../connection/get-run.js';
import { startRun } from '../connection/start-run.js';
import type { Act } from '../context.js';
import { addPartOptions, addPresetOptions, type PartOptions } from '../options/run-options.js';
import { addTagOptions, type TagOptions, tagsOf } from '../options/tag-options.js';

interface Options extends PartOptions, TagOptions {
  withoutSuspects?: boolean;
}

/** Refuses features that are suspicious, as leaks are. */
const WITHOUT_SUSPECTS = { 'leaks.suspicious': 'refuse' };

/** `onescan rerun`: trains again on the datasets of an earlier run or parts of them; never asks the warehouse, so costs nothing. */
export function addRerunVerb(program: Command, act: Act): void {
  const command = program
    .command('rerun <run>')
    .description(
      'train again on the datasets of an earlier run, or parts of them; never queries, costs nothing',
    );
  command.option(
    '--without-suspects',
    'refuse suspicious features; settings stay those of the run, but for --set',
  );
  addTagOptions(addPartOptions(addPresetOptions(command))).action(
    act(async (invocation, options: Options, runId: string) => {
      return withCoordinator(invocation, async (client) => {
        const spec = rerunSpecOf(
          options.withoutSuspects ? await withoutSuspects(client, runId, options) : options,
        );
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

/** A rerun takes either the settings of the earlier run or those that are given: here one is added to them. */
async function withoutSuspects(
  client: CoordinatorServiceClient,
  runId: string,
  options: Options,
): Promise<Options> {
  const { spec } = await getRun(client, runId);
  return { ...options, set: { ...(options.set ?? spec?.overrides), ...WITHOUT_SUSPECTS } };
}
