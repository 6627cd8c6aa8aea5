import {
  PairState,
  type RunEvent,
  RunState,
  TaskState,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { expect, it } from 'vitest';
import { sampleDataset, samplePlan, sampleTask } from '../testing/sample-run.js';
import { eventLine } from './event-line.js';
import { applyEvent, emptyRunView } from './run-view.js';

function event(value: RunEvent['event']): RunEvent {
  return { runId: 'r-1', sequence: 1n, time: undefined, event: value };
}

function pair(state: PairState, changes: Parameters<typeof sampleDataset>[0] = {}): RunEvent {
  const dataset = sampleDataset(changes);
  return event({
    $case: 'pair',
    value: { pair: 'eurusd', state, dataset, error: 'no such table', fetchSeconds: 4, jobs: [] },
  });
}

it.each([
  [RunState.RUN_STATE_AWAITING_APPROVAL, 'Run r-1: awaiting approval: 2 GiB were billed'],
  [RunState.RUN_STATE_AWAITING_PILOT_APPROVAL, 'Run r-1: awaiting pilot approval: 2 GiB were billed'],
  [RunState.RUN_STATE_FAILED, 'Run r-1: failed'],
])('says of a run in state %i why it waits, not why it ended', (state, line) => {
  const value = { state, problems: ['2 GiB were billed'] };
  expect(eventLine(emptyRunView('r-1'), event({ $case: 'runState', value }))).toBe(line);
});

it('says what a fetch cost', () => {
  expect(eventLine(emptyRunView('r-1'), pair(PairState.PAIR_STATE_FETCHED))).toBe(
    'eurusd: fetched dataset d1d1d1d1d1d1 with 1 statement in 4.0 s: 6,000 rows x 400 columns and 1 target, ' +
      'billed 2.00 GiB, $0.012',
  );
});

it('says that a cached dataset needs no query', () => {
  expect(eventLine(emptyRunView('r-1'), pair(PairState.PAIR_STATE_FETCHED, { cached: true }))).toBe(
    'eurusd: cached dataset d1d1d1d1d1d1 from 2026-03-01T12:00:00Z, no query',
  );
});

it('speaks of fetching only what the plan did not find in the cache', () => {
  const view = emptyRunView('r-1');
  applyEvent(view, event({ $case: 'plan', value: samplePlan() }));
  expect(eventLine(view, pair(PairState.PAIR_STATE_FETCHING))).toBe('eurusd: fetching');
  for (const planned of view.plan?.pairs ?? []) planned.cached = true;
  expect(eventLine(view, pair(PairState.PAIR_STATE_FETCHING))).toBeUndefined();
});

it('says why a pair failed', () => {
  expect(eventLine(emptyRunView('r-1'), pair(PairState.PAIR_STATE_FAILED))).toBe(
    'eurusd: FAILED: no such table',
  );
});

it.each([
  [
    TaskState.TASK_STATE_DONE,
    'eurusd h15: done by trainer-1: no skill beyond overlap, AUC 0.871, 12 of 400 features kept',
  ],
  [TaskState.TASK_STATE_FAILED, 'eurusd h15: FAILED: out of memory'],
  [TaskState.TASK_STATE_QUARANTINED, 'eurusd h15: QUARANTINED: out of memory'],
  [TaskState.TASK_STATE_READY, 'eurusd h15: to be tried again (attempt 1): out of memory'],
  [TaskState.TASK_STATE_LEASED, undefined],
])('a task in state %i is worth the line %s', (state, line) => {
  const task = event({ $case: 'task', value: sampleTask({ state, error: 'out of memory' }) });
  expect(eventLine(emptyRunView('r-1'), task)).toBe(line);
});

it('says nothing twice', () => {
  const view = emptyRunView('r-1');
  const done = event({ $case: 'task', value: sampleTask() });
  applyEvent(view, done);
  expect(eventLine(view, done)).toBeUndefined();
});

it('tells of trainers that come and go', () => {
  const view = emptyRunView('r-1');
  const worker = (connected: boolean): RunEvent =>
    event({
      $case: 'worker',
      value: {
        trainerId: 'trainer-2',
        connected,
        rssBytes: 0n,
        peakRssBytes: 0n,
        memoryLimitBytes: 0n,
        workingOn: '',
        workersConnected: connected ? 2 : 1,
      },
    });
  expect(eventLine(view, worker(true))).toBe('trainer-2 connected (2 connected)');
  applyEvent(view, worker(true));
  expect(eventLine(view, worker(true))).toBeUndefined();
  expect(eventLine(view, worker(false))).toBe('trainer-2 is gone (1 connected)');
});
