import { randomUUID } from 'node:crypto';
import type { Run } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { RunState, TaskState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FetchPairRequest } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { readReason } from '@onescan/contract/reasons/reason.js';
import { runSpecFromJson } from '@onescan/contract/run-spec.js';
import { callServerStream, callUnary } from '@onescan/process/grpc/client.js';
import type { ComputeEvent, ComputeRequest } from '@onescan/trainer/testing/compute/compute-protocol.js';
import { PairMemory } from '@onescan/trainer/testing/compute/pair-memory.js';
import { runTask } from '@onescan/trainer/testing/compute/run-task.js';
import { FIRST_MINUTE } from '@onescan/warehouse/testing/simulation/market-hours.js';
import fc from 'fast-check';
import { expect } from 'vitest';
import { grantedRequest } from './granted-request.js';
import { finishRun, startRun } from './runs.js';
import type { Stack } from './stack.js';

/** First minute of the test warehouse, which holds three weeks of trading. */
const START_MS = 60_000 * FIRST_MINUTE;
const DAY = 1440;
const MIB = 1024 ** 2;

/** Few trees, so that a horizon takes a second. */
const BRIEF = {
  ...Object.fromEntries(
    ['leaf', 'level', 'symmetric', 'value'].map((model) => [`models.${model}.rounds`, '2']),
  ),
  'verdict.replicates': '50',
};

export type SpecJson = Readonly<Record<string, unknown>>;

/** A spec as a user would write it. */
export function briefSpec({ overrides, ...more }: SpecJson): SpecJson {
  return {
    pairs: ['eurusd'],
    preset: 'quick',
    approvalMode: 'within-budget',
    ...more,
    overrides: { ...BRIEF, ...(overrides as object) },
  };
}

/** Universes from one column to some. */
const TABLES = fc.constantFrom(
  ['base_idx_eurusd'],
  ['vol_eurusd'],
  ['mom_eurusd'],
  ['base_bqx_eurusd', 'mkt_*'],
);

/** Periods, rows, horizons, presets, settings and memory around the least that can be learned. */
export const RANDOM_SPECS = fc
  .record({
    from: fc.integer({ min: 0, max: 15 * DAY }),
    length: fc.oneof(fc.integer({ min: 200, max: 2000 }), fc.integer({ min: 2000, max: 12_000 })),
    isOpen: fc.boolean(),
    rows: fc.integer({ min: 100, max: 3000 }),
    strategy: fc.constantFrom('hash', 'days'),
    horizons: fc.constantFrom([105], [15, 105], [15], [30, 60]),
    preset: fc.constantFrom('quick', 'quick', 'standard', 'mandated'),
    tables: TABLES,
    memoryMib: fc.constantFrom(256, 300, 512, 2048),
    overrides: fc.constantFrom<Record<string, string>>(
      {},
      { 'protocol.folds': '8' },
      { 'protocol.scheme': 'combinatorial', 'protocol.folds': '4' },
      { 'protocol.embargoBars': '200' },
      { 'protocol.selectionShare': '0.2' },
      { 'select.blocks': '10', 'select.pairs': '40' },
      { 'select.method': 'boosted' },
      { 'select.methods': 'binned-f' },
      { 'explain.export': 'yes' },
    ),
  })
  .map(({ from, length, isOpen, rows, strategy, tables, memoryMib, ...rest }) => {
    const at = (minute: number) => new Date(START_MS + 60_000 * minute).toISOString();
    return briefSpec({
      ...rest,
      period: isOpen ? { from: at(from) } : { from: at(from), to: at(from + length) },
      sample: { rows, strategy },
      universe: { groups: [{ name: 'pair', tables, shared: false }] },
      memoryPerWorkerBytes: memoryMib * MIB,
    });
  });

/** The error with which a spec is refused before anything is paid for; undefined when it is let pass. */
export async function refusalOf(stack: Stack, spec: SpecJson): Promise<OnescanError | undefined> {
  const { coordinator } = stack;
  try {
    await callUnary(coordinator, coordinator.planRun, { spec: runSpecFromJson(spec) });
    return undefined;
  } catch (thrown) {
    return OnescanError.from(thrown);
  }
}

/** Horizons that a plan says cannot be learned. */
async function hopelessHorizons(stack: Stack, spec: SpecJson): Promise<Set<number>> {
  const { coordinator } = stack;
  const { plan } = await callUnary(coordinator, coordinator.planRun, { spec: runSpecFromJson(spec) });
  const reasons = plan!.pairs[0]!.notes.map(({ why, text }) => readReason(why, text));
  return new Set(
    reasons.flatMap(({ code, facts }) =>
      code === 'sample_too_small' && facts.certain ? [facts.horizon] : [],
    ),
  );
}

/** Runs a spec that is let pass: every horizon is learned but those that the plan says cannot be. */
export async function expectLearned(stack: Stack, spec: SpecJson): Promise<Run> {
  const hopeless = await hopelessHorizons(stack, spec);
  const run = await finishRun(stack, await startRun(stack, runSpecFromJson(spec)));
  const told = JSON.stringify({ spec, problems: run.problems });
  for (const { horizon, state, attempt } of run.tasks) {
    const isHopeless = hopeless.has(horizon);
    expect(state, `h${horizon} ${told}`).toBe(
      isHopeless ? TaskState.TASK_STATE_FAILED : TaskState.TASK_STATE_DONE,
    );
    expect(attempt, told).toBe(1);
  }
  if (hopeless.size === 0) expect(run.state, told).toBe(RunState.RUN_STATE_COMPLETED);
  return run;
}

/** Fetches what a spec asks for although it was refused, and learns it: every horizon is refused by the learner too. */
export async function expectNotLearned(stack: Stack, json: SpecJson): Promise<void> {
  const spec = runSpecFromJson(json);
  const { fetcher } = stack;
  const pair = spec.pairs[0]!;
  const { plan } = await callUnary(fetcher, fetcher.estimatePair, { spec, pair, sharedDatasetId: '' });
  const request = FetchPairRequest.fromPartial({
    // A run of its own: what was granted is granted to a run.
    runId: `refused-${randomUUID()}`,
    spec,
    pair,
    datasetId: plan!.datasetId,
    maximumBytesBilled: plan!.statements.map(({ maximumBytesBilled }) => maximumBytesBilled),
    withinDatasetId: plan!.servedFrom,
  });
  const granted = grantedRequest(request, stack.grantKey);
  for await (const { message } of callServerStream(fetcher, fetcher.fetchPair, granted)) {
    if (message?.$case !== 'dataset') continue;
    for (const horizon of spec.horizons) {
      const events: ComputeEvent[] = [];
      const task = computeRequest({ spec, pair, horizon, dataset: message.value });
      await runTask(task, new PairMemory(), {
        isCancelled: () => false,
        tell: (event) => events.push(event),
      });
      const told = JSON.stringify({ spec: json, events: events.map(({ kind }) => kind) });
      expect(events.at(-1), told).toMatchObject({ kind: 'failed' });
      expect(events.at(-1), told).toHaveProperty('failure', expect.stringMatching(/BAD_DATA|DOES_NOT_FIT/));
    }
  }
}

function computeRequest({
  spec,
  ...task
}: Pick<ComputeRequest, 'pair' | 'horizon' | 'dataset'> & { spec: RunSpec }): ComputeRequest {
  return {
    ...task,
    serial: 1,
    // A run of its own: what was granted is granted to a run.
    runId: `refused-${randomUUID()}`,
    attempt: 1,
    leaseToken: '',
    targetWindow: 45,
    fetcherAddress: '',
    coordinatorAddress: '',
    downloadFolder: '',
    preset: spec.preset,
    overrides: spec.overrides,
    seed: 1n,
    specHash: '',
    memoryLimitBytes: Number(spec.memoryPerWorkerBytes),
    threads: 1,
  };
}

/** A plan that passes is learned; one that is refused for what its dataset would hold is refused by learning. */
export async function expectPlanHolds(stack: Stack, spec: SpecJson): Promise<'learned' | 'refused'> {
  const refusal = await refusalOf(stack, spec);
  if (!refusal) {
    await expectLearned(stack, spec);
    return 'learned';
  }
  // Settings that work on no data, and periods without a row, never come to a dataset.
  if (/^overrides: |has no rows in the period/.test(refusal.message)) return 'refused';
  expect(refusal.code, refusal.text).toBe('INVALID_ARGUMENT');
  await expectNotLearned(stack, spec);
  return 'refused';
}
