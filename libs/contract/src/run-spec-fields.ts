import { z } from 'zod';
import {
  ApprovalMode,
  type FeatureGroup,
  SampleStrategy,
  SchedulingPolicy,
  SharedGroups,
} from './generated/onescan/v1/spec.js';
import { DEFAULT_HORIZONS, DEFAULT_TARGET_WINDOW, TARGET_WINDOWS } from './horizon.js';
import { parseInstant } from './instant.js';
import { PAIRS, requirePair } from './pair.js';
import { checkGlob, checkGroups, requireEach, requireWithin, specProblem } from './run-spec-checks.js';
import type { RunSpecField } from './run-spec-field.js';

/** Names of the presets of the learning engine. */
export const PRESETS: readonly string[] = ['quick', 'standard', 'mandated'];

export const DEFAULT_GROUPS: readonly FeatureGroup[] = [
  { name: 'pair', tables: ['*{pair}*'], shared: false, optional: true },
  { name: 'tri', tables: ['tri_*'], shared: true, optional: true },
  { name: 'mkt', tables: ['mkt_*'], shared: true, optional: true },
  { name: 'var', tables: ['var_*'], shared: true, optional: true },
  { name: 'csi', tables: ['csi_*'], shared: true, optional: true },
];

/** No budget is larger: sums of dollars stay exact to a cent. */
const MAX_BUDGET_USD = 1e9;
/** Bounds that keep a spec within what the services can carry. */
const MAX_HORIZON = 10_000;
const SAMPLE_ROWS = [100, 2_000_000] as const;
const MAX_WORKERS = 256;
const MIN_WORKER_BYTES = 256n * 1024n ** 2n;
const REASON = /^[^\p{Cc}]{1,200}$/u;

const COUNT = z.number().int().nonnegative();
const TEXT = z.string();
const GROUP = z.strictObject({
  name: TEXT,
  tables: z.array(TEXT),
  shared: z.boolean().optional(),
  optional: z.boolean().optional(),
});

/** Every field by its path. One that is not here cannot be set: a test compares the table with the message. */
export const RUN_SPEC_FIELDS = {
  pairs: {
    flag: { usage: '--pairs <list>', form: 'pairs', help: 'e.g. eurusd,usdjpy, or all' },
    default: PAIRS,
    unset: 'all 28',
    doc: 'lower-case names',
    json: z.array(TEXT),
    decides: 'task',
    check: (pairs: readonly string[], field) => requireEach(field, pairs, requirePair),
  },
  horizons: {
    flag: { usage: '--horizons <list>', form: 'horizons', help: 'in bars' },
    default: DEFAULT_HORIZONS,
    doc: `in bars, 1 to ${MAX_HORIZON}`,
    json: z.array(COUNT),
    decides: 'task',
    check: (horizons: readonly number[], field) =>
      requireEach(field, horizons, (horizon) => requireWithin(field, horizon, 1, MAX_HORIZON)),
  },
  targetWindow: {
    flag: { usage: '--window <bars>', form: 'positive', help: 'W of target_bqx{W}_h{H}' },
    default: DEFAULT_TARGET_WINDOW,
    doc: 'W of `target_bqx{W}_h{H}`: 45, 90, 180, 360, 720, 1440 or 2880',
    json: COUNT,
    decides: 'result',
    check: (window: number, field) => {
      if (!TARGET_WINDOWS.includes(window)) specProblem(field, window, `one of ${TARGET_WINDOWS.join(', ')}`);
    },
  },
  'universe.groups': {
    flag: { usage: '--groups <list>', form: 'groups', help: 'feature groups to test, by name' },
    default: DEFAULT_GROUPS,
    unset: 'pair, tri, mkt, var, csi',
    doc: 'list of `{name, tables, shared, optional}`: globs on table names, `{pair}` stands for the pair, `shared` says that the tables are the same for every pair; a group that matches no table is an error, or a note in the plan when it is `optional`, as the default groups are',
    json: z.array(GROUP),
    decides: 'dataset',
    check: checkGroups,
  },
  'universe.exclude': {
    flag: {
      usage: '--exclude <globs>',
      form: 'globs',
      help: 'tables or table.column to leave out; may be repeated',
    },
    unset: 'none',
    doc: 'globs on `table` or `table.column`; what they match is not part of the universe',
    json: z.array(TEXT),
    decides: 'dataset',
    check: (globs: readonly string[], field) => {
      for (const glob of globs) checkGlob(field, glob);
    },
  },
  'universe.future': {
    flag: { none: 'each has a reason, which belongs in a file' },
    unset: 'none',
    doc: 'list of `{columns, reason}`: globs on `table` or `table.column` (`{pair}` stands for the pair) of columns that hold future values by their lineage; excluded, with the reason in the ledger',
    json: z.array(z.strictObject({ columns: TEXT, reason: TEXT })),
    decides: 'dataset',
    check: (future: readonly { columns: string; reason: string }[], field) => {
      for (const { columns, reason } of future) {
        checkGlob(`${field}.columns`, columns);
        if (!REASON.test(reason)) specProblem(`${field}.reason`, reason, 'a text of 1 to 200 characters');
      }
    },
  },
  'universe.expectedColumns': {
    flag: {
      usage: '--expected-columns <n>',
      form: 'whole',
      help: 'fail unless exactly so many columns per pair are found',
    },
    unset: 'not checked',
    doc: 'planning fails unless exactly so many feature columns a pair are found',
    json: COUNT,
    decides: 'conduct',
  },
  sharedGroups: {
    flag: { usage: '--shared-groups <who>', form: 'word', help: 'fetches what all pairs share' },
    default: SharedGroups.SHARED_GROUPS_PER_PAIR,
    doc: "`per-pair`: every pair's statement reads the groups with `shared`; `once`: one statement a run reads them, see below",
    json: z.enum(['per-pair', 'once']),
    words: { 'per-pair': SharedGroups.SHARED_GROUPS_PER_PAIR, once: SharedGroups.SHARED_GROUPS_ONCE },
    decides: 'dataset',
  },
  'period.from': {
    flag: { usage: '--from <time>', form: 'text', help: 'start of the period, e.g. 2020-01-01' },
    unset: 'open',
    doc: 'start of the half-open period of `interval_time`, RFC 3339 or a date; without a zone it is UTC; on BigQuery see [what happens to days that it cuts](bigquery.md#what-is-sent)',
    json: TEXT,
    decides: 'dataset',
    check: requireInstant,
  },
  'period.to': {
    flag: { usage: '--to <time>', form: 'text', help: 'end of the period, not included' },
    unset: 'open',
    doc: 'its end, not included',
    json: TEXT,
    decides: 'dataset',
    check: requireInstant,
  },
  'sample.rows': {
    flag: { usage: '--rows <n>', form: 'positive', help: 'sampled row keys per pair' },
    default: 80_000,
    doc: 'row keys a pair, chosen once over the whole period; all rows when there are fewer',
    json: COUNT,
    decides: 'dataset',
    check: (rows: number, field) => requireWithin(field, rows, ...SAMPLE_ROWS),
  },
  'sample.strategy': {
    flag: { usage: '--strategy <name>', form: 'word', help: 'of sampling' },
    default: SampleStrategy.SAMPLE_STRATEGY_HASH,
    doc: '`hash`: rows by hash of the key; `days`: whole days chosen by hash, which reads far fewer bytes of partitioned tables',
    json: z.enum(['hash', 'days']),
    words: { hash: SampleStrategy.SAMPLE_STRATEGY_HASH, days: SampleStrategy.SAMPLE_STRATEGY_DAYS },
    decides: 'dataset',
  },
  'sample.seed': {
    flag: { usage: '--sample-seed <n>', form: 'seed', help: 'seed of the sample of rows' },
    default: 1n,
    doc: 'another seed, another sample',
    json: COUNT,
    decides: 'dataset',
  },
  budgetUsd: {
    flag: { usage: '--budget <usd>', form: 'dollars', help: 'upper bound of the warehouse cost' },
    default: 50,
    doc: 'upper bound of the warehouse cost; also the bound that the statements run with',
    json: z.number().nonnegative().max(MAX_BUDGET_USD),
    decides: 'conduct',
    check: (budget: number, field) => {
      const isAllowed = budget >= 0 && budget <= MAX_BUDGET_USD;
      if (!isAllowed) specProblem(field, budget, `a number of dollars, 0 to ${MAX_BUDGET_USD}`);
    },
  },
  approvalMode: {
    flag: { none: '`--yes` approves what a person sees; a run that nobody looks at says so in its file' },
    default: ApprovalMode.APPROVAL_MODE_MANUAL,
    doc: '`manual`, or `within-budget`: the coordinator approves by itself within the budget and its own limit (default $5)',
    json: z.enum(['manual', 'within-budget']),
    words: {
      manual: ApprovalMode.APPROVAL_MODE_MANUAL,
      'within-budget': ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET,
    },
    decides: 'conduct',
  },
  pilotPair: {
    flag: { usage: '--pilot <pair>', form: 'text', help: 'fetch and train this pair first, then ask again' },
    unset: 'none',
    doc: 'fetch and train this pair first, then wait for approval of the rest',
    json: TEXT,
    decides: 'conduct',
  },
  preset: {
    flag: { usage: '--preset <name>', form: 'text', help: 'of the learning engine', choices: PRESETS },
    default: 'standard',
    doc: '`quick` (a demonstration), `standard` (statistically sound), `mandated` (the reference procedure)',
    json: TEXT,
    decides: 'result',
    check: (preset: string, field) => {
      if (!PRESETS.includes(preset)) specProblem(field, preset, `one of ${PRESETS.join(', ')}`);
    },
  },
  overrides: {
    flag: {
      usage: '--set <key=value>',
      form: 'settings',
      help: 'override a value of the preset; may be repeated',
    },
    unset: 'none',
    doc: 'settings of the preset by dotted key; [learning settings](learning-settings.md) has all keys, bounds and defaults',
    json: z.record(TEXT, z.union([TEXT, z.number(), z.boolean()]).transform(String)),
    decides: 'result',
  },
  maxWorkers: {
    flag: { usage: '--max-workers <n>', form: 'positive', help: 'trainers used at the same time' },
    default: 8,
    doc: 'trainers used at the same time',
    json: COUNT,
    decides: 'conduct',
    check: (workers: number, field) => requireWithin(field, workers, 1, MAX_WORKERS),
  },
  memoryPerWorkerBytes: {
    flag: { usage: '--memory-per-worker <bytes>', form: 'bytes', help: 'e.g. 4GiB' },
    default: 8n * 1024n ** 3n,
    unset: '8 GiB',
    doc: 'a plan of a pair that cannot fit is refused with what it needs',
    json: COUNT,
    decides: 'conduct',
    check: (bytes: bigint, field) => {
      if (bytes < MIN_WORKER_BYTES) specProblem(field, bytes, `at least ${MIN_WORKER_BYTES}`);
    },
  },
  schedulingPolicy: {
    flag: { usage: '--policy <name>', form: 'word', help: 'of scheduling' },
    default: SchedulingPolicy.SCHEDULING_POLICY_PAIRS,
    doc: '`pairs`: a pair a trainer; `one-pair-at-a-time`: all trainers on one pair',
    json: z.enum(['pairs', 'one-pair-at-a-time']),
    words: {
      pairs: SchedulingPolicy.SCHEDULING_POLICY_PAIRS,
      'one-pair-at-a-time': SchedulingPolicy.SCHEDULING_POLICY_ONE_PAIR_AT_A_TIME,
    },
    decides: 'conduct',
  },
  seed: {
    flag: { usage: '--seed <n>', form: 'seed', help: 'root of every random seed of training' },
    default: 1n,
    doc: 'root of every random seed of training',
    json: COUNT,
    decides: 'result',
  },
} as const satisfies Readonly<Record<string, RunSpecField>>;

function requireInstant(time: string, field: string): void {
  if (time !== '' && parseInstant(time) === undefined) {
    specProblem(field, time, 'a date such as 2020-01-01 or 2020-01-01T00:00:00Z');
  }
}
