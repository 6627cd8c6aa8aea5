import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { HorizonSummary } from '@onescan/contract/generated/onescan/v1/result.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { expect, it } from 'vitest';
import { exitCodeOfError, exitCodeOfRun, whilePlanning } from './exit-code.js';
import { sampleTask } from './testing/sample-run.js';

it.each([
  [RunState.RUN_STATE_COMPLETED, '', 0],
  [RunState.RUN_STATE_RUNNING, '', 0],
  [RunState.RUN_STATE_FAILED, 'NOT_FOUND', 2],
  [RunState.RUN_STATE_FAILED, 'FAILED_PRECONDITION', 2],
  [RunState.RUN_STATE_FAILED, 'UNAVAILABLE', 5],
  [RunState.RUN_STATE_AWAITING_APPROVAL, '', 3],
  [RunState.RUN_STATE_PARTIAL, '', 4],
  [RunState.RUN_STATE_FAILED, '', 5],
  [RunState.RUN_STATE_CANCELLED, '', 5],
])('a run in state %s with planning error "%s" exits with %s', (state, planErrorCode, code) => {
  expect(exitCodeOfRun({ state, planErrorCode, tasks: [] })).toBe(code);
});

it('tells a complete run with a suspect verdict from one without, and a partial run stays partial', () => {
  const summary = (verdict: string) => HorizonSummary.fromPartial({ verdict });
  const tasks = ['SKILL', 'SKILL_SUSPECT'].map((verdict) => sampleTask({ summary: summary(verdict) }));
  const of = (state: RunState, few = tasks) => exitCodeOfRun({ state, planErrorCode: '', tasks: few });
  expect(of(RunState.RUN_STATE_COMPLETED)).toBe(6);
  expect(of(RunState.RUN_STATE_COMPLETED, tasks.slice(0, 1))).toBe(0);
  expect(of(RunState.RUN_STATE_PARTIAL)).toBe(4);
});

it('takes a warehouse that cannot be planned on, e.g. doubled keys, for bad input while a plan is made, and not elsewhere', () => {
  const doubled = new OnescanError('FAILED_PRECONDITION', 'holds a key twice', { remedy: 'Remove it' });
  expect(exitCodeOfError(whilePlanning(doubled))).toBe(2);
  expect(whilePlanning(doubled)).toMatchObject({
    code: doubled.code,
    message: doubled.message,
    remedy: 'Remove it',
  });
  expect(exitCodeOfError(doubled)).toBe(5);
  expect(exitCodeOfError(whilePlanning(new OnescanError('UNAVAILABLE', 'x')))).toBe(5);
});

it('tells bad input, an exceeded budget and failures apart', () => {
  expect(exitCodeOfError(new OnescanError('INVALID_ARGUMENT', 'x'))).toBe(2);
  expect(exitCodeOfError(new OnescanError('RESOURCE_EXHAUSTED', 'x', { details: { budgetUsd: 1 } }))).toBe(3);
  expect(exitCodeOfError(new OnescanError('RESOURCE_EXHAUSTED', 'out of memory'))).toBe(5);
});
