import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec, SPEC_ROWS, setSpecField } from '@onescan/contract/run-spec.js';
import { expect, it } from 'vitest';
import { taskSpecHash } from './task-spec.js';

const TASK = { pair: 'eurusd', horizon: 15, datasetContentSha256: 'ab' };

/** Another value of every field. A new field of the table needs one here: then it is decided whether results differ. */
const OTHER: Readonly<Record<string, unknown>> = {
  pairs: ['usdjpy'],
  horizons: [30],
  targetWindow: 90,
  'universe.groups': [{ name: 'a', tables: ['a_*'], shared: false, optional: false }],
  'universe.exclude': ['x'],
  'universe.future': [{ columns: 'x', reason: 'y' }],
  'universe.expectedColumns': 5,
  sharedGroups: 2,
  'period.from': '2020-01-01',
  'period.to': '2021-01-01',
  'sample.rows': 1000,
  'sample.strategy': 2,
  'sample.seed': 2n,
  budgetUsd: 1,
  approvalMode: 2,
  pilotPair: 'eurusd',
  preset: 'quick',
  overrides: { 'select.pairs': '9' },
  maxWorkers: 1,
  memoryPerWorkerBytes: 2n ** 30n,
  schedulingPolicy: 2,
  seed: 2n,
};

it.each(SPEC_ROWS)(
  '%s: results are told apart by it where it decides them, and only there',
  (path, { decides }) => {
    expect(Object.keys(OTHER)).toContain(path);
    const before = taskSpecHash(resolveRunSpec(RunSpec.fromPartial({})), TASK);
    const spec = resolveRunSpec(RunSpec.fromPartial({}));
    setSpecField(spec, path, OTHER[path]);
    // The data and the task are in the hash by themselves.
    expect(taskSpecHash(spec, TASK) !== before).toBe(decides === 'result');
  },
);

it('is the same as ever for the same task', () => {
  expect(taskSpecHash(resolveRunSpec(RunSpec.fromPartial({})), TASK)).toBe(
    '217659c778bbe915c594b01ed3210a3a1f63ae8afdda9f517f849d129bbc2f9d',
  );
});
