import { readFileSync } from 'node:fs';
import { type FeatureGroup, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import {
  defaultInWords,
  runSpecFromJson,
  SPEC_ROWS,
  setSpecField,
  specField,
  withParts,
} from '@onescan/contract/run-spec.js';
import type { FlagForm, RunSpecField } from '@onescan/contract/run-spec-field.js';
import { DEFAULT_GROUPS } from '@onescan/contract/run-spec-fields.js';
import { type Command, Option } from 'commander';
import { parse } from 'yaml';
import {
  collectGlobs,
  collectOverride,
  parseByteCount,
  parseDollars,
  parseHorizonList,
  parseNameList,
  parsePairList,
  parsePositive,
  parseSeed,
  parseWhole,
} from './parsers.js';

/** What the flags that describe a run were given, by commander's names; each overrides its field of `--spec FILE`. */
export interface RunOptions {
  spec?: string;
  [flag: string]: unknown;
}

/** What the flags of `rerun` were given: of the spec, and of the datasets. */
export interface PartOptions {
  preset?: string;
  set?: Record<string, string>;
  pairs?: string[];
  horizons?: number[];
  rows?: number;
  groups?: string[];
  exclude?: string[];
}

/** Fields of the table that `rerun` has flags for too. */
const PRESET_FIELDS = ['preset', 'overrides'];

/** Parsers by the form that a field's flag has; those without one take any text. */
const PARSERS: Readonly<Partial<Record<FlagForm, (text: string, earlier: never) => unknown>>> = {
  bytes: parseByteCount,
  dollars: parseDollars,
  globs: collectGlobs,
  groups: parseNameList,
  horizons: parseHorizonList,
  pairs: parsePairList,
  positive: parsePositive,
  seed: parseSeed,
  settings: collectOverride,
  whole: parseWhole,
};

/** Adds the flags of a run to a verb. */
export function addRunOptions(command: Command): Command {
  command.option('--spec <file>', 'run spec in YAML or JSON (docs/run-spec.md)');
  for (const [, row] of SPEC_ROWS) addField(command, row);
  return command;
}

/** Adds the flags that name a part of the datasets of an earlier run, for `rerun`. */
export function addPartOptions(command: Command): Command {
  return command
    .option('--pairs <list>', "some of the run's pairs", parsePairList)
    .option('--horizons <list>', 'in bars, of those that the datasets hold', parseHorizonList)
    .option('--rows <n>', 'fewer of the sampled rows', parsePositive)
    .option('--groups <list>', "some of the run's feature groups", parseNameList)
    .option(
      '--exclude <globs>',
      'tables or table.column to leave out, beside those before; may be repeated',
      collectGlobs,
    );
}

/** Adds --preset and --set, which `rerun` takes too. */
export function addPresetOptions(command: Command): Command {
  for (const [path, row] of SPEC_ROWS) if (PRESET_FIELDS.includes(path)) addField(command, row);
  return command;
}

/** The run spec that the flags and the file give; what neither says is left to the coordinator's defaults. */
export function specFromOptions(options: RunOptions): RunSpec {
  const spec = withParts(options.spec === undefined ? RunSpec.fromJSON({}) : readSpecFile(options.spec));
  for (const [path, row] of SPEC_ROWS) {
    if (!('usage' in row.flag)) continue;
    const given = options[new Option(row.flag.usage).attributeName()];
    if (given !== undefined) setSpecField(spec, path, fieldValue(given, row, specField(spec, path)));
  }
  return spec;
}

function addField(command: Command, row: RunSpecField): void {
  if (!('usage' in row.flag)) return;
  const { usage, form, help, choices = Object.keys(row.words ?? {}) } = row.flag;
  const option = new Option(usage, `${help} (default: ${defaultInWords(row)})`);
  const parse = PARSERS[form];
  if (parse) option.argParser(parse as (text: string, earlier: unknown) => unknown);
  if (choices.length > 0) option.choices(choices);
  command.addOption(option);
}

/** What a flag's value makes of the field that a file may have set before. */
function fieldValue(given: unknown, { flag, words }: RunSpecField, before: unknown): unknown {
  if (words) return words[String(given)];
  switch ('form' in flag && flag.form) {
    case 'groups':
      return chooseGroups(given as string[], before as FeatureGroup[]);
    case 'settings':
      return { ...(before as object), ...(given as object) };
    case 'bytes':
      return BigInt(given as number);
    default:
      return given;
  }
}

/**
 * The groups of these names, of the spec file or else of the defaults.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the unknown group
 */
function chooseGroups(names: readonly string[], fromFile: FeatureGroup[]): FeatureGroup[] {
  const known: readonly FeatureGroup[] = fromFile.length > 0 ? fromFile : DEFAULT_GROUPS;
  return names.map((name) => {
    const group = known.find((each) => each.name === name);
    // A group that is asked for by name must be there.
    if (group) return { ...group, tables: [...group.tables], optional: false };
    throw new OnescanError('INVALID_ARGUMENT', `--groups: there is no group "${name}"`, {
      remedy: `Known groups: ${known.map((each) => each.name).join(', ')}`,
    });
  });
}

/**
 * Reads a run spec from a YAML or JSON file (JSON is YAML), in the names of docs/run-spec.md.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the file, and the field when one is wrong
 */
function readSpecFile(path: string): RunSpec {
  const text = readText(path);
  try {
    return runSpecFromJson(parse(text) ?? {});
  } catch (thrown) {
    const error = OnescanError.from(thrown, 'INVALID_ARGUMENT');
    throw new OnescanError('INVALID_ARGUMENT', `${path}: ${error.message}`, {
      remedy: error.remedy || 'docs/run-spec.md lists every field',
      details: error.details,
      cause: thrown,
    });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new OnescanError('INVALID_ARGUMENT', `cannot read the spec file ${path}`, {
      remedy: 'Check the path; docs/run-spec.md has an example',
      cause: thrown,
    });
  }
}
