import { expect, test } from 'vitest';
import type { ComputeEvent } from './compute-protocol.js';
import { StageClock, taskFraction } from './stage-clock.js';

test('stages follow each other and their shares add up to the whole task', () => {
  expect(taskFraction('load', 0)).toBe(0);
  expect(taskFraction('load', 1)).toBe(taskFraction('prune', 0));
  expect(taskFraction('model', 1)).toBeCloseTo(taskFraction('explain', 0), 12);
  expect(taskFraction('explain', 2)).toBeCloseTo(1, 12);
});

test('tells of start and end with times in order, and the fraction never falls', () => {
  const events: ComputeEvent[] = [];
  const clock = new StageClock((event) => events.push(event));
  clock.start('select');
  clock.end('select', { selected: 5 });
  clock.start('prune');
  clock.end('prune');
  const stages = events.flatMap((event) => (event.kind === 'stage' ? [event] : []));
  expect(stages.map((event) => `${event.stage} ${event.event}`)).toEqual([
    'select start',
    'select end',
    'prune start',
    'prune end',
  ]);
  expect(stages[1]?.facts).toEqual({ selected: 5 });
  expect(stages.map((event) => event.at)).toEqual(stages.map((event) => event.at).toSorted((a, b) => a - b));
  const fractions = events.flatMap((event) => (event.kind === 'progress' ? [event.fraction] : []));
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  expect(Object.keys(clock.seconds)).toEqual(['select', 'prune']);
});
