import { expect, it } from 'vitest';
import { type DeepPartial, Run, RunState } from './generated/onescan/v1/coordinator.js';
import { nextSteps } from './next-steps.js';

const commands = (run: DeepPartial<Run>): string[] =>
  nextSteps(Run.fromPartial({ runId: 'r-1', ...run })).map(({ command }) => command);

const skill = (pair: string, horizon: number, skillLow: number, suspicious?: string) => ({
  pair,
  horizon,
  summary: {
    verdict: 'SKILL',
    skillLow,
    suspicions: suspicious === undefined ? [] : [{ featureId: suspicious, reason: '', retained: true }],
  },
});

it.each([
  [RunState.RUN_STATE_AWAITING_APPROVAL, ['onescan approve r-1 --watch', 'onescan cancel r-1']],
  [RunState.RUN_STATE_PARTIAL, ['onescan resume r-1']],
  [RunState.RUN_STATE_CANCELLED, ['onescan resume r-1']],
  [RunState.RUN_STATE_RUNNING, []],
])('says how a run goes on from state %d', (state, expected) => {
  expect(commands({ state })).toEqual(expected);
});

it('leads from a first look on what shows skill to models of the best', () => {
  const tasks = [skill('eurusd', 15, 0.01), skill('gbpusd', 45, 0.03), skill('eurusd', 30, 0.02)];
  expect(commands({ state: RunState.RUN_STATE_COMPLETED, spec: { preset: 'quick' }, tasks })).toEqual([
    'onescan rerun r-1 --pairs eurusd,gbpusd --preset standard',
    'onescan rerun r-1 --pairs gbpusd --horizons 45 --set models.export=yes --set explain.export=yes',
  ]);
});

it('has features that are suspicious looked at first, and their names are one word of a shell', () => {
  const tasks = [skill('eurusd', 15, 0.01, "odd.it's here")];
  const [first] = commands({ state: RunState.RUN_STATE_COMPLETED, spec: { preset: 'standard' }, tasks });
  expect(first).toBe(`onescan rerun r-1 --exclude 'odd.it'\\''s here'`);
});

it('has a verdict that rests on suspects learned again without all of them, whatever is named', () => {
  for (const suspicious of ['mkt.early', undefined]) {
    const task = skill('eurusd', 15, 0.01, suspicious);
    const tasks = [{ ...task, summary: { ...task.summary, verdict: 'SKILL_SUSPECT' } }];
    const [first] = commands({ state: RunState.RUN_STATE_COMPLETED, spec: { preset: 'standard' }, tasks });
    expect(first).toBe('onescan rerun r-1 --without-suspects');
  }
});

it('has more rows tried where nothing shows skill', () => {
  const spec = { sample: { rows: 2000 } };
  expect(commands({ state: RunState.RUN_STATE_COMPLETED, spec })).toEqual(['onescan run --rows 4000']);
});
