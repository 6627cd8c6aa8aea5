// A run of 28 pairs x 7 horizons on 1 to 256 trainers: the real scheduler on a simulated clock, with measured times.
// usage: node bench/scale/replay.mjs [--fetchAhead N] [--fetchSeconds S] [--loadSeconds S] [--firstSeconds S] [--otherSeconds S]
//        [--run FILE] [--workers 1,2,4,...] [--json]
// --run FILE: the times of a run of one's own, as `onescan show RUN --json` prints it, for the horizons' seconds.
import { readFileSync } from 'node:fs';
import { PAIRS } from '@onescan/contract/pair.js';
import { decideAssignments } from '@onescan/coordinator/testing/decide-assignments.js';
import { benchFlags } from '../learn/bench-flags.mjs';
import { printTable } from '../learn/print-table.mjs';

const HORIZONS = [15, 30, 45, 60, 75, 90, 105];
/** Defaults: 80,000 rows x 6,477 columns, preset standard, one thread; docs/scaling.md says where each was measured. */
const flags = benchFlags(
  {
    fetchSeconds: { usual: 194 },
    loadSeconds: { usual: 10 },
    firstSeconds: { usual: 54 },
    otherSeconds: { usual: 26 },
    fetchAhead: { usual: 2 },
  },
  { run: '', workers: '1,2,4,8,16,32,64,128,256' },
);
const secondsOf = flags.run === '' ? usualSeconds : recordedSeconds(String(flags.run));

const rows = String(flags.workers)
  .split(',')
  .map(Number)
  .map((workers) => ({ workers, ...replay(workers, false), cached: replay(workers, true) }));
const alone = rows[0];
printTable(
  `28 pairs x 7 horizons, ${flags.fetchAhead} datasets fetched ahead`,
  rows.map(({ workers, wall, busy, cached }) => ({
    workers,
    'cached: minutes': cached.wall / 60,
    'times faster': alone.cached.wall / cached.wall,
    'busy %': (100 * cached.busy) / (cached.wall * workers),
    loads: cached.loads,
    'fetched: minutes': wall / 60,
    'fetched: busy %': (100 * busy) / (wall * workers),
  })),
  flags.json,
);

/** Seconds of the first horizon of a pair that a trainer learns, and of each other. */
function usualSeconds(_pair, _horizon, isFirst) {
  return isFirst ? flags.firstSeconds : flags.otherSeconds;
}

function recordedSeconds(path) {
  const { run } = JSON.parse(readFileSync(path, 'utf8'));
  const seconds = new Map(
    run.tasks.map(({ pair, horizon, stats }) => [
      `${pair} ${horizon}`,
      Object.values(stats?.stageSeconds ?? {}).reduce((sum, value) => sum + Number(value), 0),
    ]),
  );
  return (pair, horizon) => seconds.get(`${pair} ${horizon}`) ?? 0;
}

/** The run from its approval to its last result. Two datasets are fetched at a time, as the coordinator does. */
function replay(workers, isCached) {
  const tasks = PAIRS.flatMap((pair) =>
    HORIZONS.map((horizon) => ({
      runId: 'r',
      pair,
      horizon,
      datasetId: pair,
      state: isCached ? 'READY' : 'BLOCKED',
    })),
  );
  const trainers = Array.from({ length: workers }, (_, i) => ({
    trainerId: `t${String(i).padStart(4, '0')}`,
    heldDatasetId: '',
    lastRunId: '',
    task: undefined,
  }));
  const events = [];
  const waiting = isCached ? [] : [...PAIRS];
  const begun = new Set();
  let fetching = 0;
  let clock = 0;
  let busy = 0;
  let loads = 0;
  let lastTurn = 0;
  const at = (seconds, act) => events.push({ time: clock + seconds, act });
  const step = () => {
    // As fetching/pair-fetches.ts: being fetched, or fetched and not yet begun by a trainer.
    const ahead = () =>
      fetching +
      PAIRS.filter(
        (pair) => !begun.has(pair) && tasks.some((task) => task.pair === pair && task.state === 'READY'),
      ).length;
    while (waiting.length > 0 && ahead() < flags.fetchAhead) {
      const pair = waiting.shift();
      fetching++;
      at(flags.fetchSeconds, () => {
        fetching--;
        for (const task of tasks) if (task.pair === pair) task.state = 'READY';
      });
    }
    const ready = tasks.filter(({ state }) => state === 'READY');
    const leased = tasks.filter(({ state }) => state === 'LEASED');
    const idle = trainers.filter(({ task }) => task === undefined);
    const run = { runId: 'r', maxWorkers: workers, onePairAtATime: false, lastTurn, ready, leased };
    for (const { trainerId, task, kept } of decideAssignments({ runs: [run], idle, maxWorkers: workers })) {
      if (!kept) lastTurn++;
      give(trainers[Number(trainerId.slice(1))], task);
    }
  };
  const give = (trainer, task) => {
    const isFirst = trainer.heldDatasetId !== task.datasetId;
    if (isFirst) loads++;
    const seconds = secondsOf(task.pair, task.horizon, isFirst) + (isFirst ? flags.loadSeconds : 0);
    task.state = 'LEASED';
    begun.add(task.pair);
    Object.assign(trainer, { task, heldDatasetId: task.datasetId, lastRunId: 'r' });
    busy += seconds;
    at(seconds, () => {
      task.state = 'DONE';
      trainer.task = undefined;
    });
  };
  for (step(); events.length > 0; step()) {
    const next = events.reduce((first, event) => (event.time < first.time ? event : first));
    events.splice(events.indexOf(next), 1);
    clock = next.time;
    next.act();
  }
  return { wall: clock, busy, loads };
}
