import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideAssignments, type SchedulableRun, type SchedulingInput } from './decide-assignments.js';

const trainers = (...held: string[]) =>
  held.map((heldDatasetId, i) => ({ trainerId: `t${i + 1}`, heldDatasetId }));

/** A run whose pairs have datasets "d-<pair>"; ready is e.g. { eurusd: 3 }. */
function run(ready: Record<string, number>, more: Partial<SchedulableRun> = {}): SchedulableRun {
  const tasks = Object.entries(ready).flatMap(([pair, count]) =>
    Array.from({ length: count }, (_, i) => ({
      runId: more.runId ?? 'r',
      pair,
      horizon: 15 * (i + 1),
      datasetId: `d-${pair}`,
    })),
  );
  return { runId: 'r', maxWorkers: 8, onePairAtATime: false, ready: tasks, leased: [], ...more };
}

/** "t1:eurusd/15" for each assignment. */
function decide(input: Partial<SchedulingInput> & Pick<SchedulingInput, 'runs' | 'idle'>): string[] {
  return decideAssignments({ maxWorkers: 8, ...input }).map(
    ({ trainerId, task }) => `${trainerId}:${task.pair}/${task.horizon}`,
  );
}

describe('pairs policy', () => {
  test('spreads trainers over pairs, most ready tasks first, plan order among equals', () => {
    const runs = [run({ eurusd: 2, gbpusd: 3, usdjpy: 3 })];
    expect(decide({ runs, idle: trainers('', '', '') })).toEqual([
      't1:gbpusd/15',
      't2:usdjpy/15',
      't3:eurusd/15',
    ]);
  });

  test('keeps a trainer on the dataset that it holds, before others choose', () => {
    const runs = [run({ eurusd: 5, gbpusd: 1 })];
    expect(decide({ runs, idle: trainers('', 'd-gbpusd') })).toEqual(['t2:gbpusd/15', 't1:eurusd/15']);
  });

  test('idle trainers help where most tasks wait for each worker', () => {
    const runs = [run({ eurusd: 2, gbpusd: 4 }, { leased: [{ pair: 'eurusd' }, { pair: 'gbpusd' }] })];
    expect(decide({ runs, idle: trainers('', '') })).toEqual(['t1:gbpusd/15', 't2:eurusd/15']);
  });

  test('a pair that nobody works on comes before helping', () => {
    const runs = [run({ eurusd: 6, gbpusd: 1 }, { leased: [{ pair: 'eurusd' }] })];
    expect(decide({ runs, idle: trainers('') })).toEqual(['t1:gbpusd/15']);
  });
});

test('one pair at a time puts all trainers on the pair in work, else on the first', () => {
  const onePairAtATime = true;
  const fresh = [run({ eurusd: 2, gbpusd: 7 }, { onePairAtATime })];
  expect(decide({ runs: fresh, idle: trainers('', 'd-gbpusd', '') })).toEqual([
    't1:eurusd/15',
    't2:eurusd/30',
  ]);
  const going = [run({ eurusd: 2, gbpusd: 7 }, { onePairAtATime, leased: [{ pair: 'gbpusd' }] })];
  expect(decide({ runs: going, idle: trainers('') })).toEqual(['t1:gbpusd/15']);
});

test('an older run takes trainers first, within its own limit', () => {
  const old = run({ eurusd: 4 }, { runId: 'old', maxWorkers: 2, leased: [{ pair: 'eurusd' }] });
  const runs = [old, run({ gbpusd: 4 }, { runId: 'new' })];
  expect(decide({ runs, idle: trainers('', '', '') })).toEqual([
    't1:eurusd/15',
    't2:gbpusd/15',
    't3:gbpusd/30',
  ]);
});

const INPUT = fc.record({
  maxWorkers: fc.integer({ min: 1, max: 10 }),
  idle: fc
    .array(fc.constantFrom('', 'd-a', 'd-b', 'd-c'), { maxLength: 12 })
    .map((held) => trainers(...held)),
  runs: fc.array(
    fc
      .record({
        ready: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 7 })),
        leased: fc.array(fc.record({ pair: fc.constantFrom('a', 'b', 'c') }), { maxLength: 4 }),
        maxWorkers: fc.integer({ min: 1, max: 10 }),
        onePairAtATime: fc.boolean(),
      })
      .map(({ ready, ...more }) => run(ready, more)),
    { maxLength: 3 },
  ),
});

test('never exceeds a limit, doubles a trainer or a task, or leaves work that could be given', () => {
  fc.assert(
    fc.property(INPUT, (input) => {
      const runs = input.runs.map((each, i) => ({
        ...each,
        runId: `r${i}`,
        ready: each.ready.map((task) => ({ ...task, runId: `r${i}` })),
      }));
      const assignments = decideAssignments({ ...input, runs });
      const total = assignments.length + runs.reduce((sum, each) => sum + each.leased.length, 0);
      const leasedBefore = runs.reduce((sum, each) => sum + each.leased.length, 0);
      expect(total).toBeLessThanOrEqual(Math.max(input.maxWorkers, leasedBefore));
      expect(new Set(assignments.map(({ trainerId }) => trainerId)).size).toBe(assignments.length);
      expect(new Set(assignments.map(({ task }) => task)).size).toBe(assignments.length);
      for (const each of runs) {
        const given = assignments.filter(({ task }) => task.runId === each.runId).length;
        expect(given).toBeLessThanOrEqual(Math.max(0, each.maxWorkers - each.leased.length));
        const stuck =
          !each.onePairAtATime &&
          given < each.ready.length &&
          given + each.leased.length < each.maxWorkers &&
          total < input.maxWorkers &&
          assignments.length < input.idle.length;
        expect(stuck).toBe(false);
      }
    }),
  );
});
