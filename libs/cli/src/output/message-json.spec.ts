import { Run, RunEvent, RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { messageJson } from '@onescan/contract/message-json.js';
import { expect, it } from 'vitest';
import { sampleRun } from '../testing/sample-run.js';

it('writes fields that hold their default, enums by name, 64-bit integers as strings', () => {
  const json = messageJson(Run, sampleRun({ usdBilled: 0, bytesBilled: 0n, problems: [] }));
  expect(json).toMatchObject({
    state: 'RUN_STATE_COMPLETED',
    usdBilled: 0,
    bytesBilled: '0',
    problems: [],
    ledgerRows: '2870',
    createdAt: '2026-05-28T20:26:40.000Z',
    pairs: [{ state: 'PAIR_STATE_FETCHED', error: '', dataset: { cached: false } }],
  });
});

it('writes a oneof as the field itself', () => {
  const event: RunEvent = {
    runId: 'r',
    sequence: 3n,
    time: undefined,
    event: { $case: 'runState', value: { state: RunState.RUN_STATE_FAILED, problems: [] } },
  };
  expect(messageJson(RunEvent, event)).toEqual({
    runId: 'r',
    sequence: '3',
    runState: { state: 'RUN_STATE_FAILED', problems: [] },
  });
});

it('is read back by the generated reader', () => {
  const spec = RunSpec.fromJSON({ pairs: ['eurusd'], overrides: { a: '1' }, maxWorkers: 2, seed: '7' });
  expect(RunSpec.fromJSON(messageJson(RunSpec, spec))).toEqual(spec);
});
