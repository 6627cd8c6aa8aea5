import {
  type FeatureGroup,
  RunSpec,
  SampleStrategy,
  SchedulingPolicy,
  SharedGroups,
} from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { PRESETS, RUN_SPEC_DEFAULTS } from '@onescan/contract/run-spec.js';
import { type Command, Option } from 'commander';
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
import { readSpecFile } from './spec-file.js';

/** The flags that describe a run; each one overrides the same field of `--spec FILE`. */
export interface RunOptions {
  spec?: string;
  pairs?: string[];
  horizons?: number[];
  window?: number;
  rows?: number;
  strategy?: 'hash' | 'days';
  sampleSeed?: bigint;
  from?: string;
  to?: string;
  groups?: string[];
  exclude?: string[];
  expectedColumns?: number;
  budget?: number;
  preset?: string;
  set?: Record<string, string>;
  pilot?: string;
  maxWorkers?: number;
  memoryPerWorker?: number;
  policy?: 'pairs' | 'one-pair-at-a-time';
  seed?: bigint;
  sharedGroups?: 'per-pair' | 'once';
}

const STRATEGIES = {
  hash: SampleStrategy.SAMPLE_STRATEGY_HASH,
  days: SampleStrategy.SAMPLE_STRATEGY_DAYS,
} as const;

const POLICIES = {
  pairs: SchedulingPolicy.SCHEDULING_POLICY_PAIRS,
  'one-pair-at-a-time': SchedulingPolicy.SCHEDULING_POLICY_ONE_PAIR_AT_A_TIME,
} as const;

const SHARED_GROUPS = {
  'per-pair': SharedGroups.SHARED_GROUPS_PER_PAIR,
  once: SharedGroups.SHARED_GROUPS_ONCE,
} as const;

/** Adds the flags of a run to a verb. */
export function addRunOptions(command: Command): Command {
  return addPresetOptions(command)
    .option('--spec <file>', 'run spec in YAML or JSON (docs/run-spec.md)')
    .option('--pairs <list>', 'e.g. eurusd,usdjpy, or all (default: all 28)', parsePairList)
    .option('--horizons <list>', 'in bars (default: 15,30,45,60,75,90,105)', parseHorizonList)
    .option('--window <bars>', 'W of target_bqx{W}_h{H} (default: 45)', parsePositive)
    .option('--rows <n>', 'sampled row keys a pair (default: 80000)', parsePositive)
    .addOption(
      new Option('--strategy <name>', 'of sampling (default: hash)').choices(Object.keys(STRATEGIES)),
    )
    .option('--sample-seed <n>', 'seed of the sample of rows (default: 1)', parseSeed)
    .option('--from <time>', 'start of the period, e.g. 2020-01-01')
    .option('--to <time>', 'end of the period, not included')
    .option('--groups <list>', 'feature groups to test (default: pair,tri,mkt,var,csi)', parseNameList)
    .option('--exclude <globs>', 'tables or table.column to leave out; may be repeated', collectGlobs)
    .option('--expected-columns <n>', 'fail unless exactly so many columns a pair are found', parseWhole)
    .addOption(
      new Option('--shared-groups <who>', 'fetches what all pairs share (default: per-pair)').choices(
        Object.keys(SHARED_GROUPS),
      ),
    )
    .option('--budget <usd>', 'upper bound of the warehouse cost (default: 50)', parseDollars)
    .option('--pilot <pair>', 'fetch and train this pair first, then ask again')
    .option('--max-workers <n>', 'trainers used at the same time (default: 8)', parsePositive)
    .option('--memory-per-worker <bytes>', 'e.g. 4GiB (default: 8GiB)', parseByteCount)
    .addOption(new Option('--policy <name>', 'of scheduling (default: pairs)').choices(Object.keys(POLICIES)))
    .option('--seed <n>', 'root of every random seed of training (default: 1)', parseSeed);
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
  return command
    .addOption(
      new Option('--preset <name>', 'of the learning engine (default: standard)').choices([...PRESETS]),
    )
    .option('--set <key=value>', 'override a value of the preset; may be repeated', collectOverride);
}

/** The run spec that the flags and the file give; what neither says is left to the coordinator's defaults. */
export function specFromOptions(options: RunOptions): RunSpec {
  const file = options.spec === undefined ? RunSpec.fromJSON({}) : readSpecFile(options.spec);
  const { memoryPerWorker } = options;
  return {
    ...file,
    pairs: options.pairs ?? file.pairs,
    horizons: options.horizons ?? file.horizons,
    targetWindow: options.window ?? file.targetWindow,
    universe: {
      groups: chooseGroups(options.groups, file.universe?.groups ?? []),
      exclude: options.exclude ?? file.universe?.exclude ?? [],
      expectedColumns: options.expectedColumns ?? file.universe?.expectedColumns,
      future: file.universe?.future ?? [],
    },
    period: { from: options.from ?? file.period?.from ?? '', to: options.to ?? file.period?.to ?? '' },
    sample: {
      rows: options.rows ?? file.sample?.rows,
      seed: options.sampleSeed ?? file.sample?.seed,
      strategy: options.strategy ? STRATEGIES[options.strategy] : (file.sample?.strategy ?? 0),
    },
    budgetUsd: options.budget ?? file.budgetUsd,
    pilotPair: options.pilot ?? file.pilotPair,
    preset: options.preset ?? file.preset,
    overrides: { ...file.overrides, ...options.set },
    maxWorkers: options.maxWorkers ?? file.maxWorkers,
    memoryPerWorkerBytes: memoryPerWorker === undefined ? file.memoryPerWorkerBytes : BigInt(memoryPerWorker),
    schedulingPolicy: options.policy ? POLICIES[options.policy] : file.schedulingPolicy,
    seed: options.seed ?? file.seed,
    sharedGroups: options.sharedGroups ? SHARED_GROUPS[options.sharedGroups] : file.sharedGroups,
  };
}

/**
 * The groups of these names, of the spec file or else of the defaults; all when no names are given.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the unknown group
 */
function chooseGroups(names: readonly string[] | undefined, fromFile: FeatureGroup[]): FeatureGroup[] {
  if (names === undefined) return fromFile;
  const known: readonly FeatureGroup[] = fromFile.length > 0 ? fromFile : RUN_SPEC_DEFAULTS.groups;
  return names.map((name) => {
    const group = known.find((each) => each.name === name);
    // A group that is asked for by name must be there.
    if (group) return { ...group, tables: [...group.tables], optional: false };
    throw new OnescanError('INVALID_ARGUMENT', `--groups: there is no group "${name}"`, {
      remedy: `Known groups: ${known.map((each) => each.name).join(', ')}`,
    });
  });
}
