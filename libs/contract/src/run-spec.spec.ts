import { describe, expect, it } from 'vitest';
import {
  ApprovalMode,
  RunSpec,
  SampleStrategy,
  SchedulingPolicy,
  SharedGroups,
} from './generated/onescan/v1/spec.js';
import { OnescanError } from './onescan-error.js';
import { PAIRS } from './pair.js';
import { resolveRunSpec, runSpecFromJson, runSpecHash } from './run-spec.js';

describe('resolveRunSpec', () => {
  it('fills in every documented default', () => {
    const spec = resolveRunSpec(RunSpec.fromPartial({}));
    expect(spec.pairs).toEqual(PAIRS);
    expect(spec.horizons).toEqual([15, 30, 45, 60, 75, 90, 105]);
    expect(spec).toMatchObject({
      targetWindow: 45,
      sample: { rows: 80_000, strategy: SampleStrategy.SAMPLE_STRATEGY_HASH, seed: 1n },
      budgetUsd: 50,
      approvalMode: ApprovalMode.APPROVAL_MODE_MANUAL,
      preset: 'standard',
      maxWorkers: 8,
      memoryPerWorkerBytes: 8n * 1024n ** 3n,
      schedulingPolicy: SchedulingPolicy.SCHEDULING_POLICY_PAIRS,
      sharedGroups: SharedGroups.SHARED_GROUPS_PER_PAIR,
    });
    expect(spec.universe.groups.every(({ optional }) => optional)).toBe(true);
  });

  it('keeps a budget of zero dollars', () => {
    expect(resolveRunSpec(RunSpec.fromPartial({ budgetUsd: 0 })).budgetUsd).toBe(0);
  });

  it.each([
    ['pairs', { pairs: ['eurusd', 'eurxyz'] }],
    ['pairs', { pairs: ['eurusd', 'eurusd'] }],
    ['horizons', { horizons: [0] }],
    ['targetWindow', { targetWindow: 44 }],
    ['sample.rows', { sample: { rows: 3 } }],
    ['budgetUsd', { budgetUsd: -1 }],
    ['preset', { preset: 'fast' }],
    ['maxWorkers', { maxWorkers: 0 }],
    ['pilotPair', { pairs: ['eurusd'], pilotPair: 'usdjpy' }],
    ['period.from', { period: { from: 'yesterday' } }],
    ['period', { period: { from: '2021-01-01', to: '2020-01-01' } }],
    ['universe.exclude', { universe: { exclude: ['a"; DROP TABLE x'] } }],
    [
      'universe.groups.a.tables',
      { universe: { groups: [{ name: 'a', tables: ['{pair}_x'], shared: true }] } },
    ],
    [
      'universe.groups',
      {
        universe: {
          groups: [
            { name: 'a', tables: ['x'] },
            { name: 'a', tables: ['y'] },
          ],
        },
      },
    ],
  ])('refuses a bad %s, naming it', (field, partial) => {
    const thrown = capture(() => resolveRunSpec(RunSpec.fromPartial(partial)));
    expect(thrown.code).toBe('INVALID_ARGUMENT');
    expect(thrown.details.field).toBe(field);
    expect(thrown.remedy).not.toBe('');
  });
});

describe('runSpecHash', () => {
  it('is the same for a default left out and written out, and changes with the spec', () => {
    const left = runSpecHash(resolveRunSpec(RunSpec.fromPartial({})));
    expect(runSpecHash(resolveRunSpec(RunSpec.fromPartial({ targetWindow: 45, preset: 'standard' })))).toBe(
      left,
    );
    expect(runSpecHash(resolveRunSpec(RunSpec.fromPartial({ seed: 2n })))).not.toBe(left);
  });
});

describe('runSpecFromJson', () => {
  it('reads the names of the documentation', () => {
    const spec = runSpecFromJson({
      pairs: ['eurusd'],
      sample: { rows: 500, strategy: 'days' },
      approvalMode: 'within-budget',
      schedulingPolicy: 'one-pair-at-a-time',
      overrides: { 'model.rounds': 5 },
      sharedGroups: 'once',
    });
    expect(spec.sharedGroups).toBe(SharedGroups.SHARED_GROUPS_ONCE);
    expect(spec.sample).toMatchObject({ rows: 500, strategy: SampleStrategy.SAMPLE_STRATEGY_DAYS });
    expect(spec.approvalMode).toBe(ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET);
    expect(spec.schedulingPolicy).toBe(SchedulingPolicy.SCHEDULING_POLICY_ONE_PAIR_AT_A_TIME);
    expect(spec.overrides).toEqual({ 'model.rounds': '5' });
    expect(spec.budgetUsd).toBeUndefined();
  });

  it.each([
    ['pars', { pars: ['eurusd'] }],
    ['rowz', { sample: { rowz: 5 } }],
    ['horizons.0', { horizons: ['15'] }],
    ['the document', 'eurusd'],
  ])('refuses %s', (name, value) => {
    expect(capture(() => runSpecFromJson(value)).message).toContain(name);
  });
});

function capture(fn: () => unknown): OnescanError {
  try {
    fn();
  } catch (thrown) {
    if (thrown instanceof OnescanError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}
