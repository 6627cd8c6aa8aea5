import { HorizonSummary } from '@onescan/contract/generated/onescan/v1/result.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { describe, expect, it } from 'vitest';
import { blankPairsAndTasks, blankRun, type RunSnapshot, type TaskRecord } from '../model/run-record.js';
import type { TestedSkill } from './run-calendar.js';
import { concludedEvidence, runEvidence } from './run-evidence.js';

const PAIRS = ['eurusd', 'gbpusd', 'usdjpy', 'audusd'];
const HORIZONS = [15, 30, 45, 60, 75, 90, 105];
const DAY = 86_400_000;

/** A run of 28 tasks, those done of which p-values are given, by pair and horizon. */
function snapshot(
  p: Readonly<Record<string, number | undefined>>,
  changes: Partial<HorizonSummary> = {},
): RunSnapshot {
  const spec = resolveRunSpec(RunSpec.fromPartial({ pairs: PAIRS, horizons: HORIZONS }));
  const facts = { runId: 'r', spec, rerunOf: '', traceparent: '', createdMs: 0 };
  const { pairs, tasks } = blankPairsAndTasks('r', spec);
  const keyed = tasks.map((task): [string, TaskRecord] => {
    const key = `${task.pair}/${task.horizon}`;
    if (!Object.hasOwn(p, key)) return [key, task];
    const pValue = p[key];
    const summary = HorizonSummary.fromPartial({
      ...{ pair: task.pair, horizon: task.horizon, featuresRetained: 5, expectedFalseSelections: 1 },
      ...{ verdict: pValue !== undefined && pValue < 0.01 ? 'SKILL' : 'NO_SKILL_BEYOND_OVERLAP', pValue },
      ...changes,
    });
    return [key, { ...task, state: 'DONE', summary }];
  });
  return {
    run: blankRun(facts),
    pairs: new Map(pairs.map((pair) => [pair.pair, pair])),
    tasks: new Map(keyed),
  };
}

/** What a result says of 120 days, with a gain and an edge of so many standard errors. */
function tested(seed: number, errors: number, first = 19_700): TestedSkill {
  const influence = Array.from({ length: 120 }, (_, day) => Math.sin((day + 1) * (seed + 1.3)) / 120);
  const mean = influence.reduce((sum, own) => sum + own, 0) / 120;
  const sums = influence.map((own) => own - mean);
  const error = Math.sqrt(sums.reduce((sum, own) => sum + own * own, 0));
  const estimate = { value: errors * error, low: 0, high: 0 };
  return {
    logLossGain: estimate,
    unknownEdge: estimate,
    blocks: 200,
    calendar: { cell: DAY, first, gain: sums, edge: sums },
  };
}

describe('runEvidence', () => {
  it('counts tests that are still to come', () => {
    const evidence = runEvidence(snapshot({ 'eurusd/15': 0.001, 'usdjpy/45': 0.5 }));
    expect(evidence).toMatchObject({
      tests: 28,
      results: 2,
      tested: 2,
      skill: 1,
      skillAdjusted: 1,
      verdict: '',
    });
    expect(evidence.adjusted[0]).toMatchObject({ pair: 'eurusd', horizon: 15, romanoWolf: undefined });
    expect(evidence.adjusted[0]!.holm).toBeCloseTo(0.028, 12);
    expect(evidence.expectedFalse).toBeCloseTo(0.02, 12);
    expect([evidence.featuresRetained, evidence.expectedFalseFeatures]).toEqual([10, 2]);
  });

  it('takes neither what was not tested nor what is inconclusive for evidence', () => {
    const untested = runEvidence(snapshot({ 'eurusd/15': undefined, 'usdjpy/45': 0.4 }));
    expect(untested).toMatchObject({ results: 2, tested: 1 });
    expect(untested.adjusted[0]!.holm).toBe(1);
    const few = runEvidence(snapshot({ 'eurusd/15': 1e-9 }, { verdict: 'INCONCLUSIVE' }));
    expect(few).toMatchObject({ tested: 0, skill: 0, skillAdjusted: 0 });
    expect(few.adjusted[0]!.holm).toBe(1);
  });
});

/** @param scoring which scoring of their final segments the results are */
function concluded(of: RunSnapshot, results: ReadonlyMap<string, TestedSkill>, scoring = 1) {
  const scorings = new Map([...of.tasks.keys()].map((key) => [key, scoring]));
  return concludedEvidence(of, { tested: results, scorings });
}

describe('concludedEvidence', () => {
  const p = Object.fromEntries(
    PAIRS.flatMap((pair) => HORIZONS.map((horizon) => [`${pair}/${horizon}`, horizon === 15 ? 0.004 : 0.4])),
  );
  const skills = (errors: number, cell = DAY) =>
    new Map(
      Object.keys(p).map((key, k) => {
        const skill = tested(k, key.endsWith('/15') ? errors : 0.2);
        return [key, { ...skill, calendar: { ...skill.calendar, cell } }] as const;
      }),
    );

  it('says of a run whether any verdict stands when all its tests are counted', () => {
    const strong = concluded(snapshot(p), skills(6));
    expect(strong).toMatchObject({ skill: 4, skillAdjusted: 4, verdict: 'SKILL', calendarBlocks: 100 });
    expect(strong.verdictReason?.code).toBe('run_skill');
    expect(strong.adjusted[0]!.romanoWolf).toBeLessThan(0.05);
    const weak = concluded(snapshot(p), skills(1.5));
    expect(weak).toMatchObject({ skill: 4, skillAdjusted: 0, verdict: 'NO_SKILL_BEYOND_OVERLAP' });
    const facts = { tests: 28, skill: 4, expectedFalse: expect.closeTo(0.28, 1) };
    expect(weak.verdictReason).toMatchObject({ code: 'run_no_skill', facts });
  });

  it('is the same whatever the order in which results came', () => {
    const inOrder = skills(4);
    const backwards = new Map([...inOrder].reverse());
    expect(concluded(snapshot(p), backwards)).toEqual(concluded(snapshot(p), inOrder));
  });

  it('joins the cells of results of different length', () => {
    const mixed = new Map(
      [...skills(6)].map(([key, skill], k) => {
        if (k % 2 === 0) return [key, skill];
        const hours = skill.calendar.gain.flatMap((own) => [own, 0, 0, 0]);
        const calendar = { cell: DAY / 4, first: 4 * skill.calendar.first, gain: hours, edge: hours };
        return [key, { ...skill, calendar }];
      }),
    );
    expect(concluded(snapshot(p), mixed)).toEqual(concluded(snapshot(p), skills(6)));
  });

  it('falls back on Holm where there is too little calendar time', () => {
    const short = new Map([...skills(6)].map(([key, skill]) => [key, { ...skill, blocks: 12 }]));
    const evidence = concluded(snapshot({ ...p, 'eurusd/15': 0.0001 }), short);
    expect(evidence).toMatchObject({ calendarBlocks: 0, skill: 4, skillAdjusted: 1, verdict: 'SKILL' });
    expect(evidence.adjusted[0]!.romanoWolf).toBeUndefined();
  });

  it('charges for every scoring of the same rows before', () => {
    const [once, again] = [1, 3].map((scoring) => concluded(snapshot(p), skills(6), scoring));
    expect(once!.adjusted[0]).toMatchObject({ scoring: 1, charge: Math.PI ** 2 / 6 });
    expect(again!.adjusted[0]!.romanoWolf).toBeCloseTo(9 * once!.adjusted[0]!.romanoWolf!, 12);
    expect(concluded(snapshot(p), skills(6), 40)).toMatchObject({ skill: 4, skillAdjusted: 0 });
  });

  it('is inconclusive where nothing was tested', () => {
    const untested = snapshot(Object.fromEntries(Object.keys(p).map((key) => [key, undefined])));
    expect(concluded(untested, new Map())).toMatchObject({
      verdict: 'INCONCLUSIVE',
      verdictReason: { code: 'run_untested', facts: { tests: 28 } },
    });
  });
});
