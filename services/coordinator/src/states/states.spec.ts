import { describe, expect, test } from 'vitest';
import { PAIR_TRANSITIONS } from './pair-state.js';
import { isEnded, RUN_TRANSITIONS, type RunState } from './run-state.js';
import { isTaskEnded, TASK_TRANSITIONS, type TaskState } from './task-state.js';
import { requireTransition } from './transition.js';

const MACHINES = { run: RUN_TRANSITIONS, pair: PAIR_TRANSITIONS, task: TASK_TRANSITIONS };
const FIRST = { run: 'PLANNING', pair: 'PENDING', task: 'BLOCKED' };

describe.each(Object.entries(MACHINES))('the %s machine', (name, transitions) => {
  const all = transitions as Readonly<Record<string, readonly string[]>>;

  test('reaches every state from its first', () => {
    const seen = new Set([FIRST[name as keyof typeof FIRST]]);
    for (const state of seen) for (const next of all[state]!) seen.add(next);
    expect([...seen].sort()).toEqual(Object.keys(all).sort());
  });

  test('throws on every step that is not listed, naming both states', () => {
    for (const from of Object.keys(all)) {
      for (const to of Object.keys(all)) {
        const step = () => requireTransition(all, 'thing', { from, to });
        if (all[from]!.includes(to)) expect(step).not.toThrow();
        else expect(step).toThrow(`thing cannot go from ${from} to ${to}`);
      }
    }
  });
});

test('what is complete never changes again', () => {
  expect(RUN_TRANSITIONS.COMPLETED).toEqual([]);
  expect(TASK_TRANSITIONS.DONE).toEqual(['BLOCKED']);
});

test('ended runs and tasks go on only by being resumed', () => {
  for (const state of Object.keys(RUN_TRANSITIONS) as RunState[]) {
    if (isEnded(state)) expect(RUN_TRANSITIONS[state].some(isEnded)).toBe(false);
  }
  for (const state of Object.keys(TASK_TRANSITIONS) as TaskState[]) {
    if (isTaskEnded(state)) expect(TASK_TRANSITIONS[state]).toEqual(['BLOCKED']);
  }
});
