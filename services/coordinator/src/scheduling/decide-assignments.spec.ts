import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decideAssignments, type SchedulableRun, type SchedulingInput } from './decide-assignments.js';

const trainers = (...held: string[]) =>
  held.map((heldDatasetId, i) => ({ trainerId: `t${i + 1}`, heldDatasetId, lastRunId: '' }));

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
  return { runId: 'r', maxWorkers: 8, onePairAtATime: false, lastTurn: 0, ready: tasks, leased: [], ...more };
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

describe('two runs', () => {
  test('the run with fewer trainers comes first, within its own limit', () => {
    const old = run({ eurusd: 4 }, { runId: 'old', maxWorkers: 2, leased: [{ pair: 'eurusd' }] });
    const runs = [old, run({ gbpusd: 4 }, { runId: 'new' })];
    expect(decide({ runs, idle: trainers('', '', '', '') })).toEqual([
      't1:gbpusd/15',
      't2:eurusd/15',
      't3:gbpusd/30',
      't4:gbpusd/45',
    ]);
  });

  test('a trainer keeps its dataset between equals, and its run when both have that dataset', () => {
    const runs = [run({ eurusd: 2 }, { runId: 'a' }), run({ gbpusd: 2 }, { runId: 'b', lastTurn: 1 })];
    expect(decide({ runs, idle: trainers('d-gbpusd') })).toEqual(['t1:gbpusd/15']);
    const same = [run({ eurusd: 2 }, { runId: 'a' }), run({ eurusd: 2 }, { runId: 'b' })];
    const idle = [{ trainerId: 't1', heldDatasetId: 'd-eurusd', lastRunId: 'b' }];
    expect(decideAssignments({ runs: same, idle, maxWorkers: 8 })[0]!.task.runId).toBe('b');
  });

  test('a trainer that must load anyway goes to the run whose turn it is', () => {
    const runs = [
      run({ eurusd: 2 }, { runId: 'a', lastTurn: 2 }),
      run({ gbpusd: 2 }, { runId: 'b', lastTurn: 1 }),
    ];
    expect(decide({ runs, idle: trainers('d-usdjpy') })).toEqual(['t1:gbpusd/15']);
  });

  test('who is behind takes a trainer that nobody else would miss', () => {
    const a = run({ eurusd: 2 }, { runId: 'a', leased: [{ pair: 'eurusd' }] });
    expect(decide({ runs: [a, run({ gbpusd: 2 }, { runId: 'b' })], idle: trainers('d-eurusd', '') })).toEqual(
      ['t2:gbpusd/15', 't1:eurusd/15'],
    );
  });
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
        lastTurn: fc.nat(5),
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
        if (each.onePairAtATime || given === each.ready.length) continue;
        if (given + each.leased.length >= each.maxWorkers) continue;
        // It would have taken one more: nobody was given one who then has two more than it.
        for (const other of runs) {
          const taken = assignments.filter(({ task }) => task.runId === other.runId).length;
          if (taken === 0) continue;
          expect(taken + other.leased.length).toBeLessThanOrEqual(given + each.leased.length + 1);
        }
      }
    }),
  );
});

/** Two runs of some pairs, worked on to the end by some trainers that finish in an order that `dice` says. */
const STORY = fc.record({
  trainers: fc.integer({ min: 1, max: 4 }),
  pairs: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
  horizons: fc.integer({ min: 1, max: 5 }),
  sameDatasets: fc.boolean(),
  dice: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
});

test('no run is without a trainer for longer than another needs for a pair, and every task is done once', () => {
  fc.assert(
    fc.property(STORY, ({ trainers: count, pairs, horizons, sameDatasets, dice }) => {
      const waiting = pairs.map((n, r) =>
        Array.from({ length: n * horizons }, (_, i) => {
          const pair = `p${Math.floor(i / horizons)}`;
          const datasetId = `${sameDatasets ? '' : r}${pair}`;
          return { runId: `r${r}`, pair, horizon: i % horizons, datasetId };
        }),
      );
      const turns = [0, 0];
      let turn = 0;
      let done = 0;
      const leased: { trainer: number; task: (typeof waiting)[0][0] }[] = [];
      const held = Array.from({ length: count }, () => ({ heldDatasetId: '', lastRunId: '' }));
      // Tasks given to the other run since this one was last given one, while it had some waiting and no trainer.
      const passed = [0, 0];
      for (let step = 0; step < pairs[0] * horizons + pairs[1] * horizons; step++) {
        const idle = held.flatMap((each, t) =>
          leased.some(({ trainer }) => trainer === t) ? [] : [{ trainerId: `t${t}`, ...each }],
        );
        const runs = waiting.map((ready, r) => ({
          runId: `r${r}`,
          maxWorkers: 8,
          onePairAtATime: false,
          lastTurn: turns[r]!,
          ready,
          leased: leased.flatMap(({ task }) => (task.runId === `r${r}` ? [task] : [])),
        }));
        for (const { trainerId, task, kept } of decideAssignments({ runs, idle, maxWorkers: 8 })) {
          const r = Number(task.runId.slice(1));
          const trainer = Number(trainerId.slice(1));
          waiting[r]!.splice(waiting[r]!.indexOf(task), 1);
          leased.push({ trainer, task });
          held[trainer] = { heldDatasetId: task.datasetId, lastRunId: task.runId };
          if (!kept) turns[r] = ++turn;
          passed[r] = 0;
          const other = 1 - r;
          const idles = leased.every(({ task }) => task.runId !== `r${other}`);
          if (waiting[other]!.length > 0 && idles) passed[other]!++;
          expect(passed[other]).toBeLessThanOrEqual(horizons);
        }
        expect(leased.length).toBeGreaterThan(0);
        leased.splice(dice[step % dice.length]! % leased.length, 1);
        done++;
      }
      expect([done, leased.length, waiting.flat().length]).toEqual([(pairs[0] + pairs[1]) * horizons, 0, 0]);
    }),
  );
});
