/** Pairs and horizons of a full run. */
const PAIRS = 28;
const HORIZONS = [15, 30, 45, 60, 75, 90, 105];

const RUN_ID = '20261130-120000-1a2b3c4d';

interface Task {
  readonly pair: string;
  readonly horizon: number;
  readonly [field: string]: unknown;
}

/** What the coordinator would answer of a run of 28 x 7: the run in the middle of its work, and its events, as it sends them. */
export function largeRun(events: number): { runId: string; run: object; events: string } {
  const pairs = Array.from({ length: PAIRS }, (_, i) => `pair${String(i).padStart(2, '0')}`);
  const tasks = pairs.flatMap((pair) => HORIZONS.map((horizon) => task(pair, horizon, 'BLOCKED')));
  const told = Array.from({ length: events }, (_, i) => eventOf(i + 1, tasks));
  return {
    runId: RUN_ID,
    run: {
      runId: RUN_ID,
      state: 'RUN_STATE_RUNNING',
      spec: { pairs, horizons: HORIZONS, preset: 'standard', pilotPair: '', overrides: {} },
      ...{
        createdAt: '2026-11-30T12:00:00Z',
        rerunOf: '',
        reportPath: '',
        ledgerRows: '0',
        resultsSha256: '',
        traceId: '',
      },
      pairs: pairs.map((pair) => ({ pair, state: 'PAIR_STATE_FETCHED', error: '', fetchSeconds: 1 })),
      tasks,
      ...{ statementsRun: 28, bytesBilled: '1', usdBilled: 1, workersUsed: 8, problems: [], approvals: [] },
      ...{ tasksDone: 0, tasksTotal: tasks.length },
    },
    events: told.map((event, i) => `id: ${i + 1}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  };
}

/** Tasks in turn: leased, at work, done; each event changes what is shown. */
function eventOf(sequence: number, tasks: readonly Task[]): object {
  const { pair, horizon } = tasks[sequence % tasks.length]!;
  const round = Math.floor(sequence / tasks.length);
  const now =
    round % 3 === 2
      ? done(pair, horizon, round)
      : { ...task(pair, horizon, 'LEASED', round + 1), fraction: 0.4 };
  return {
    runId: RUN_ID,
    sequence: String(sequence),
    time: new Date(Date.UTC(2026, 10, 30, 12) + 100 * sequence),
    task: now,
  };
}

function done(pair: string, horizon: number, round: number): Task {
  const verdict = ['SKILL', 'NO_SKILL_BEYOND_OVERLAP', 'INCONCLUSIVE'][(round + horizon) % 3];
  const summary = {
    ...{ verdict, verdictText: 'a sentence about it', auc: 0.53, accuracy: 0.52, bestBaseline: 'overlap' },
    ...{ bestBaselineAccuracy: 0.51, skill: 0.001, skillLow: -0.001, skillHigh: 0.003 },
    ...{ featuresTested: 6_477, featuresRetained: 41, expectedFalseSelections: 1, suspicions: [] },
  };
  return { ...task(pair, horizon, 'DONE', round), fraction: 1, summary };
}

function task(pair: string, horizon: number, state: string, attempt = 0): Task {
  const trainerId = attempt === 0 ? '' : `trainer-${1 + (horizon % 8)}`;
  return {
    pair,
    horizon,
    state: `TASK_STATE_${state}`,
    attempt,
    trainerId,
    stage: 'select',
    fraction: 0,
    error: '',
  };
}
