import { z } from 'zod';
import { canonicalJson, sha256Hex } from './canonical-json.js';
import { quoted } from './format/sendable-text.js';
import {
  ApprovalMode,
  type FeatureGroup,
  type FutureColumns,
  RunSpec,
  SampleStrategy,
  SchedulingPolicy,
  SharedGroups,
} from './generated/onescan/v1/spec.js';
import { checkBounds } from './message-bounds.js';
import { DEFAULT_HORIZONS, DEFAULT_TARGET_WINDOW, TARGET_WINDOWS } from './horizon.js';
import { parseInstant } from './instant.js';
import { OnescanError } from './onescan-error.js';
import { PAIRS, requirePair } from './pair.js';
import { MAX_TABLE_GLOBS, SPEC_BOUNDS } from './spec-bounds.js';

/** No budget is larger: sums of dollars stay exact to a cent. */
const MAX_BUDGET_USD = 1e9;

/** Every default of a run in one place; docs/run-spec.md describes them. */
export const RUN_SPEC_DEFAULTS = {
  targetWindow: DEFAULT_TARGET_WINDOW,
  horizons: DEFAULT_HORIZONS,
  sampleRows: 80_000,
  sampleSeed: 1n,
  seed: 1n,
  budgetUsd: 50,
  preset: 'standard',
  maxWorkers: 8,
  memoryPerWorkerBytes: 8n * 1024n ** 3n,
  groups: [
    { name: 'pair', tables: ['*{pair}*'], shared: false, optional: true },
    { name: 'tri', tables: ['tri_*'], shared: true, optional: true },
    { name: 'mkt', tables: ['mkt_*'], shared: true, optional: true },
    { name: 'var', tables: ['var_*'], shared: true, optional: true },
    { name: 'csi', tables: ['csi_*'], shared: true, optional: true },
  ] satisfies FeatureGroup[],
} as const;

/** Names of the presets of the learning engine. */
export const PRESETS: readonly string[] = ['quick', 'standard', 'mandated'];

/** Bounds that keep a spec within what the services can carry. */
const MAX_HORIZON = 10_000;
const MAX_SAMPLE_ROWS = 2_000_000;
const MIN_SAMPLE_ROWS = 100;
const MAX_WORKERS = 256;
const MIN_WORKER_BYTES = 256n * 1024n ** 2n;
const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const REASON = /^[^\p{Cc}]{1,200}$/u;
const GLOB = /^[A-Za-z0-9_*?{}.-]{1,200}$/;

/** A run spec in which every field has its value. */
export interface ResolvedRunSpec extends RunSpec {
  targetWindow: number;
  universe: { groups: FeatureGroup[]; exclude: string[]; expectedColumns?: number; future: FutureColumns[] };
  period: { from: string; to: string };
  sample: { rows: number; strategy: SampleStrategy; seed: bigint };
  budgetUsd: number;
  maxWorkers: number;
  memoryPerWorkerBytes: bigint;
  seed: bigint;
}

/**
 * Fills in every default and checks every field.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the field, its value and what is allowed
 */
export function resolveRunSpec(spec: RunSpec): ResolvedRunSpec {
  checkBounds(spec, SPEC_BOUNDS);
  const sample = spec.sample;
  const pairs = spec.pairs.length > 0 ? distinct('pairs', spec.pairs) : [...PAIRS];
  const resolved: ResolvedRunSpec = {
    ...spec,
    pairs,
    horizons:
      spec.horizons.length > 0 ? distinct('horizons', spec.horizons) : [...RUN_SPEC_DEFAULTS.horizons],
    targetWindow: spec.targetWindow ?? RUN_SPEC_DEFAULTS.targetWindow,
    universe: resolveUniverse(spec),
    period: { from: spec.period?.from ?? '', to: spec.period?.to ?? '' },
    sample: {
      rows: sample?.rows ?? RUN_SPEC_DEFAULTS.sampleRows,
      strategy: sample?.strategy || SampleStrategy.SAMPLE_STRATEGY_HASH,
      seed: sample?.seed ?? RUN_SPEC_DEFAULTS.sampleSeed,
    },
    budgetUsd: spec.budgetUsd ?? RUN_SPEC_DEFAULTS.budgetUsd,
    approvalMode: spec.approvalMode || ApprovalMode.APPROVAL_MODE_MANUAL,
    preset: spec.preset || RUN_SPEC_DEFAULTS.preset,
    maxWorkers: spec.maxWorkers ?? RUN_SPEC_DEFAULTS.maxWorkers,
    memoryPerWorkerBytes: spec.memoryPerWorkerBytes ?? RUN_SPEC_DEFAULTS.memoryPerWorkerBytes,
    schedulingPolicy: spec.schedulingPolicy || SchedulingPolicy.SCHEDULING_POLICY_PAIRS,
    seed: spec.seed ?? RUN_SPEC_DEFAULTS.seed,
    sharedGroups: spec.sharedGroups || SharedGroups.SHARED_GROUPS_PER_PAIR,
  };
  checkRunSpec(resolved);
  return resolved;
}

/** SHA-256 of the canonical JSON of a resolved spec: equal specs, equal hash. */
export function runSpecHash(spec: ResolvedRunSpec): string {
  return sha256Hex(canonicalJson(RunSpec.toJSON(spec)));
}

/**
 * Reads a spec from parsed JSON or YAML in the names of docs/run-spec.md; unknown keys are errors, so a
 * misspelt field is never ignored.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the field
 */
export function runSpecFromJson(value: unknown): RunSpec {
  const parsed = JSON_SPEC.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const field = issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue.path.join('.');
    throw new OnescanError('INVALID_ARGUMENT', `spec: ${field || 'the document'}: ${issue.message}`, {
      remedy: 'docs/run-spec.md lists every field',
      details: { field },
    });
  }
  const { overrides, ...rest } = parsed.data;
  return RunSpec.fromJSON({
    ...rest,
    overrides: Object.fromEntries(Object.entries(overrides ?? {}).map(([key, v]) => [key, String(v)])),
    approvalMode: enumName('APPROVAL_MODE', rest.approvalMode),
    schedulingPolicy: enumName('SCHEDULING_POLICY', rest.schedulingPolicy),
    sharedGroups: enumName('SHARED_GROUPS', rest.sharedGroups),
    sample: rest.sample && { ...rest.sample, strategy: enumName('SAMPLE_STRATEGY', rest.sample.strategy) },
  });
}

const COUNT = z.number().int().nonnegative();
const JSON_SPEC = z.strictObject({
  pairs: z.array(z.string()).optional(),
  horizons: z.array(COUNT).optional(),
  targetWindow: COUNT.optional(),
  universe: z
    .strictObject({
      groups: z
        .array(
          z.strictObject({
            name: z.string(),
            tables: z.array(z.string()),
            shared: z.boolean().optional(),
            optional: z.boolean().optional(),
          }),
        )
        .optional(),
      exclude: z.array(z.string()).optional(),
      expectedColumns: COUNT.optional(),
      future: z.array(z.strictObject({ columns: z.string(), reason: z.string() })).optional(),
    })
    .optional(),
  period: z.strictObject({ from: z.string().optional(), to: z.string().optional() }).optional(),
  sample: z
    .strictObject({
      rows: COUNT.optional(),
      strategy: z.enum(['hash', 'days']).optional(),
      seed: COUNT.optional(),
    })
    .optional(),
  budgetUsd: z.number().nonnegative().max(MAX_BUDGET_USD).optional(),
  approvalMode: z.enum(['manual', 'within-budget']).optional(),
  pilotPair: z.string().optional(),
  preset: z.string().optional(),
  overrides: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  maxWorkers: COUNT.optional(),
  memoryPerWorkerBytes: COUNT.optional(),
  schedulingPolicy: z.enum(['pairs', 'one-pair-at-a-time']).optional(),
  seed: COUNT.optional(),
  sharedGroups: z.enum(['per-pair', 'once']).optional(),
});

/** "within-budget" → "APPROVAL_MODE_WITHIN_BUDGET". */
function enumName(prefix: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : `${prefix}_${value.toUpperCase().replaceAll('-', '_')}`;
}

function resolveUniverse(spec: RunSpec): ResolvedRunSpec['universe'] {
  const given = spec.universe;
  const groups = given && given.groups.length > 0 ? given.groups : RUN_SPEC_DEFAULTS.groups;
  return {
    groups: groups.map((group) => ({ ...group, tables: [...group.tables] })),
    exclude: [...(given?.exclude ?? [])],
    future: (given?.future ?? []).map((columns) => ({ ...columns })),
    ...(given?.expectedColumns === undefined ? {} : { expectedColumns: given.expectedColumns }),
  };
}

function checkRunSpec(spec: ResolvedRunSpec): void {
  for (const pair of spec.pairs) requirePair(pair);
  for (const horizon of spec.horizons) between('horizons', horizon, 1, MAX_HORIZON);
  if (!TARGET_WINDOWS.includes(spec.targetWindow)) {
    reject('targetWindow', spec.targetWindow, `one of ${TARGET_WINDOWS.join(', ')}`);
  }
  between('sample.rows', spec.sample.rows, MIN_SAMPLE_ROWS, MAX_SAMPLE_ROWS);
  between('maxWorkers', spec.maxWorkers, 1, MAX_WORKERS);
  if (!(spec.budgetUsd >= 0 && spec.budgetUsd <= MAX_BUDGET_USD)) {
    reject('budgetUsd', spec.budgetUsd, `a number of dollars, 0 to ${MAX_BUDGET_USD}`);
  }
  if (spec.memoryPerWorkerBytes < MIN_WORKER_BYTES) {
    reject('memoryPerWorkerBytes', spec.memoryPerWorkerBytes, `at least ${MIN_WORKER_BYTES}`);
  }
  if (!PRESETS.includes(spec.preset)) reject('preset', spec.preset, `one of ${PRESETS.join(', ')}`);
  if (spec.pilotPair !== '' && !spec.pairs.includes(spec.pilotPair)) {
    reject('pilotPair', spec.pilotPair, `one of the run's pairs: ${spec.pairs.join(' ')}`);
  }
  checkPeriod(spec.period);
  checkUniverse(spec.universe);
  checkEnum('approvalMode', spec.approvalMode, ApprovalMode);
  checkEnum('schedulingPolicy', spec.schedulingPolicy, SchedulingPolicy);
  checkEnum('sample.strategy', spec.sample.strategy, SampleStrategy);
  checkEnum('sharedGroups', spec.sharedGroups, SharedGroups);
}

function checkPeriod(period: { from: string; to: string }): void {
  for (const [name, bound] of Object.entries(period)) {
    if (bound !== '' && parseInstant(bound) === undefined) {
      reject(`period.${name}`, bound, 'a date such as 2020-01-01 or 2020-01-01T00:00:00Z');
    }
  }
  if (period.from !== '' && period.to !== '' && parseInstant(period.from)! >= parseInstant(period.to)!) {
    reject('period', `${period.from} to ${period.to}`, 'from before to');
  }
}

function checkUniverse(universe: ResolvedRunSpec['universe']): void {
  for (const group of universe.groups) {
    if (!NAME.test(group.name))
      reject('universe.groups.name', group.name, 'lower-case letters, digits and _');
    if (group.tables.length === 0) reject(`universe.groups.${group.name}.tables`, '', 'at least one glob');
    for (const glob of group.tables) checkGlob(`universe.groups.${group.name}.tables`, glob);
    const named = group.shared ? group.tables.find((glob) => glob.includes('{pair}')) : undefined;
    if (named)
      reject(`universe.groups.${group.name}.tables`, named, 'no {pair} in a group with shared: true');
  }
  const globs = universe.groups.reduce((sum, { tables }) => sum + tables.length, 0);
  if (globs > MAX_TABLE_GLOBS) {
    reject('universe.groups', `${globs} globs`, `at most ${MAX_TABLE_GLOBS} globs in all groups together`);
  }
  const names = universe.groups.map((group) => group.name);
  if (new Set(names).size < names.length) reject('universe.groups', names.join(', '), 'names that differ');
  for (const glob of universe.exclude) checkGlob('universe.exclude', glob);
  for (const { columns, reason } of universe.future) {
    checkGlob('universe.future.columns', columns);
    if (!REASON.test(reason)) reject('universe.future.reason', reason, 'a text of 1 to 200 characters');
  }
}

function checkGlob(field: string, glob: string): void {
  if (!GLOB.test(glob)) reject(field, glob, 'a glob of letters, digits, _ . - * ? and {pair}');
}

function checkEnum(field: string, value: number, values: Record<string, string | number>): void {
  if (value <= 0 || !(value in values)) reject(field, value, 'a known value');
}

function between(field: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) reject(field, value, `${low} to ${high}`);
}

function distinct<T>(field: string, values: readonly T[]): T[] {
  const seen = new Set<T>();
  for (const value of values) {
    if (seen.has(value)) reject(field, value, 'each value once');
    seen.add(value);
  }
  return [...values];
}

function reject(field: string, value: unknown, allowed: string): never {
  throw new OnescanError('INVALID_ARGUMENT', `${field}: ${quoted(String(value))} is not allowed`, {
    remedy: `Allowed: ${allowed}`,
    details: { field, value: String(value) },
  });
}
