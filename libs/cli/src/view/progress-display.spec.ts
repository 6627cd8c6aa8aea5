import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { expect, it } from 'vitest';
import { fakeTerminal } from '../testing/fake-terminal.js';
import { sampleTask } from '../testing/sample-run.js';
import { progressDisplay } from './progress-display.js';
import { applyEvent, emptyRunView, type RunView } from './run-view.js';

function runningView(): RunView {
  const view = emptyRunView('r-1');
  const state = { state: RunState.RUN_STATE_RUNNING, problems: [] };
  const progress = { tasksDone: 3, tasksTotal: 14, pairsFetched: 1, pairsTotal: 2, etaSeconds: 70 };
  const worker = {
    trainerId: 'trainer-1',
    connected: true,
    rssBytes: 1024n ** 3n,
    peakRssBytes: 0n,
    memoryLimitBytes: 4n * 1024n ** 3n,
    workingOn: '',
    workersConnected: 2,
  };
  const base = { runId: 'r-1', sequence: 1n, time: undefined };
  applyEvent(view, { ...base, event: { $case: 'runState', value: state } });
  applyEvent(view, { ...base, event: { $case: 'progress', value: progress } });
  applyEvent(view, { ...base, event: { $case: 'worker', value: worker } });
  const leased = sampleTask({ state: 3, stage: 'select', fraction: 0.4 });
  applyEvent(view, { ...base, event: { $case: 'task', value: leased } });
  return view;
}

it('off a terminal prints a status only after a quiet while, without control characters', () => {
  const terminal = fakeTerminal();
  const display = progressDisplay(terminal);
  display.line('eurusd: fetching');
  for (let second = 0; second < 25; second++) {
    terminal.advance(1000);
    display.status(runningView());
  }
  expect(terminal.notes).toEqual([
    'eurusd: fetching',
    expect.stringContaining('3 of 14 horizons, 1 of 2 pairs fetched, 10 s, about 1 min 10 s left'),
    expect.stringContaining('trainer-1: eurusd h15 select 40 %, 1.00 GiB of 4.00 GiB'),
  ]);
  expect(terminal.drawn).toEqual([]);
  expect(terminal.notes.join('')).not.toContain('\u001b');
});

it('on a terminal redraws in place, within its width, and leaves lines standing', () => {
  const terminal = fakeTerminal({ redraws: true, columns: 40 });
  const display = progressDisplay(terminal);
  display.status(runningView());
  display.line('eurusd h15: done');
  display.close();
  expect(terminal.drawn[0]).toMatch(/^3 of 14 horizons, 1 of 2 pairs fetched/);
  expect(terminal.drawn[1]?.startsWith('\u001b[2A\r\u001b[0Jeurusd h15: done\n3 of 14')).toBe(true);
  expect(terminal.drawn[2]).toBe('\u001b[2A\r\u001b[0J');
  const statusWidths = terminal.drawn[0]!.split('\n').map((line) => line.length);
  expect(Math.max(...statusWidths)).toBeLessThan(40);
});

it.each([
  [100, /^\[#####\.{19}\] 3 of 14/],
  [80, /^\[[#.]{6,23}\] 3 of 14/],
  [60, /^3 of 14/],
])('on a terminal of %i columns draws the bar that fits', (columns, line) => {
  const terminal = fakeTerminal({ redraws: true, columns });
  progressDisplay(terminal).status(runningView());
  expect(terminal.drawn[0]).toMatch(line);
  expect(Math.max(...terminal.drawn[0]!.split('\n').map((each) => each.length))).toBeLessThan(columns);
});

it('on a terminal redraws no more often than an eye can follow', () => {
  const terminal = fakeTerminal({ redraws: true });
  const display = progressDisplay(terminal);
  for (let i = 0; i < 100; i++) display.status(runningView());
  expect(terminal.drawn).toHaveLength(1);
  terminal.advance(200);
  display.status(runningView());
  expect(terminal.drawn).toHaveLength(2);
});

it('on a terminal shows no state before there is one', () => {
  const terminal = fakeTerminal({ redraws: true });
  const display = progressDisplay(terminal);
  display.line('\nPlan');
  display.status(emptyRunView('r-1'));
  terminal.advance(1_000);
  display.status(emptyRunView('r-1'));
  expect(terminal.drawn[0]).toBe('\nPlan\n');
  expect(terminal.drawn.join('')).not.toContain('unspecified');
  expect(terminal.drawn.at(-1)).toContain('waiting for the coordinator, 1.0 s');
});

it('on a low terminal draws no more lines than it can take back', () => {
  const terminal = fakeTerminal({ redraws: true, rows: 5 });
  const display = progressDisplay(terminal);
  const view = runningView();
  for (let i = 0; i < 30; i++) {
    const task = sampleTask({ state: 3, horizon: 15 + i, trainerId: `trainer-${i}` });
    applyEvent(view, { runId: 'r-1', sequence: 2n, time: undefined, event: { $case: 'task', value: task } });
  }
  display.status(view);
  const lines = terminal.drawn[0]!.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[3]).toMatch(/and \d+ more/);
});
