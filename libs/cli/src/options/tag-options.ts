import type { RunTags } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { Command } from 'commander';
import { parseLabel } from './parsers.js';

/** Flags by which a run is found again. */
export interface TagOptions {
  name?: string;
  label?: Record<string, string>;
}

/** Adds `--name` and `--label` to a verb that starts a run. */
export function addTagOptions(command: Command): Command {
  return command
    .option('--name <name>', 'what to call the run; onescan ls shows it')
    .option(
      '--label <key=value>',
      'to find the run by: onescan ls --label key=value; repeatable',
      parseLabel,
    );
}

/** The tags that the flags give; undefined when there are none. */
export function tagsOf({ name = '', label = {} }: TagOptions): RunTags | undefined {
  return name === '' && Object.keys(label).length === 0 ? undefined : { name, labels: label };
}
