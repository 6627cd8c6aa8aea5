import { EstimatePairResponse } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { type DeepPartial, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { describe, expect, test } from 'vitest';
import { approvalProblem, autoApproveProblem, budgetProblem } from '../model/budget.js';
import { taskSeed, taskSpecHash } from '../model/task-spec.js';
import { PAIR_BYTES, PAIR_USD, pairPlan } from '../testing/scripted-fetcher.js';
import { boundedMap } from './bounded-map.js';
import { makePlan, makeRerunPlan } from './make-plan.js';
import { isPartOf, rerunSpec } from './rerun-spec.js';

const SPEC = resolveRunSpec(RunSpec.fromPartial({ pairs: ['eurusd', 'gbpusd'], horizons: [15, 45, 105] }));

const estimates = (change: (plan: ReturnType<typeof pairPlan>) => object = () => ({})) =>
  SPEC.pairs.map((pair) => {
    const plan = pairPlan(pair);
    const answer = EstimatePairResponse.create({ pricePerTibUsd: 6.25, warehouse: 'embedded' });
    return { ...answer, plan: { ...plan, ...change(plan) } };
  });

describe('a plan', () => {
  test('sums what is not cached, and what one statement a pair and horizon would cost', () => {
    const plan = makePlan(SPEC, estimates());
    expect(plan).toMatchObject({
      bytes: 2n * PAIR_BYTES,
      usd: 2 * PAIR_USD,
      naiveStatements: 6,
      naiveBytes: 6n * PAIR_BYTES,
    });
    expect(plan.naiveUsd).toBeCloseTo((240 / 1024) * 6.25, 12);
    const half = makePlan(
      SPEC,
      estimates(({ pair }) => ({ cached: pair === 'eurusd' })),
    );
    expect(half).toMatchObject({ bytes: PAIR_BYTES, usd: PAIR_USD, naiveBytes: 6n * PAIR_BYTES });
  });

  test('keeps its hash when datasets arrive, and changes it with everything that is approved', () => {
    const { planHash } = makePlan(SPEC, estimates());
    expect(planHash).toMatch(/^[0-9a-f]{64}$/);
    expect(
      makePlan(
        SPEC,
        estimates(() => ({ cached: true })),
      ).planHash,
    ).toBe(planHash);
    const changes = [
      () => ({ datasetId: 'other' }),
      () => ({ rows: 999 }),
      () => ({ columns: 5 }),
      () => ({ exclusions: [] }),
      (plan: ReturnType<typeof pairPlan>) => ({
        statements: [{ ...plan.statements[0]!, sqlSha256: 'other' }],
      }),
      (plan: ReturnType<typeof pairPlan>) => ({ statements: [{ ...plan.statements[0]!, bytes: 1n }] }),
    ];
    const hashes = changes.map((change) => makePlan(SPEC, estimates(change)).planHash);
    hashes.push(makePlan({ ...SPEC, budgetUsd: 49 }, estimates()).planHash);
    expect(new Set([planHash, ...hashes]).size).toBe(changes.length + 2);
  });

  test('of a rerun costs nothing and has the hash of the earlier plan', () => {
    const plan = makePlan(SPEC, estimates());
    const datasetIds = new Map(plan.pairs.map((pair) => [pair.pair, pair.datasetId]));
    const rerun = makeRerunPlan(SPEC, { plan, datasetIds });
    expect(rerun).toMatchObject({ planHash: plan.planHash, usd: 0, bytes: 0n });
    expect(() => makeRerunPlan(SPEC, { plan, datasetIds: new Map() })).toThrow('no dataset of eurusd');
  });
});

test('a budget is met to the last cent and no further', () => {
  const cost = { bytes: 0n, alreadyBilledBytes: 0n, alreadyBilledUsd: 0, metadataUsd: 0 };
  expect(budgetProblem({ ...cost, usd: 0.1 + 0.2, budgetUsd: 0.3 })).toBeUndefined();
  const over = { usd: 11.1, billedUsd: 0, planningUsd: 0, budgetUsd: 10 };
  expect(budgetProblem({ ...cost, usd: 11.1, budgetUsd: 10 })).toEqual({ code: 'over_budget', facts: over });
  expect(budgetProblem({ ...cost, usd: 9, alreadyBilledUsd: 2, budgetUsd: 10 })).toEqual({
    code: 'over_budget',
    facts: { ...over, usd: 9, billedUsd: 2 },
  });
  // What planning was billed counts, also when there is nothing to fetch.
  expect(budgetProblem({ ...cost, usd: 0, metadataUsd: 0.02, budgetUsd: 0.01 })).toEqual({
    code: 'over_budget',
    facts: { usd: 0, billedUsd: 0, planningUsd: 0.02, budgetUsd: 0.01 },
  });
  expect(autoApproveProblem({ ...cost, usd: 5 }, 5)).toBeUndefined();
  expect(autoApproveProblem({ ...cost, usd: 5.01 }, 5)).toEqual({
    code: 'needs_a_person',
    facts: { usd: 5.01, billedUsd: 0, limitUsd: 5 },
  });
  const bytes = { approvedBytes: 10n, billedBytes: 4n };
  expect(approvalProblem({ ...bytes, neededBytes: 6n })).toBeUndefined();
  expect(approvalProblem({ ...bytes, neededBytes: 7n })).toEqual({
    code: 'approval_used_up',
    facts: { approvedBytes: 10, billedBytes: 4, neededBytes: 7 },
  });
});

describe('a task', () => {
  const content = { pair: 'eurusd', horizon: 15, datasetContentSha256: 'abc' };
  const hash = taskSpecHash(SPEC, content);

  test('has the hash of all that determines its result, and of nothing else', () => {
    expect(taskSpecHash({ ...SPEC, budgetUsd: 1, maxWorkers: 1, pairs: ['eurusd'] }, content)).toBe(hash);
    const others = [
      taskSpecHash(SPEC, { ...content, horizon: 30 }),
      taskSpecHash(SPEC, { ...content, pair: 'gbpusd' }),
      taskSpecHash(SPEC, { ...content, datasetContentSha256: 'abd' }),
      taskSpecHash({ ...SPEC, preset: 'quick' }, content),
      taskSpecHash({ ...SPEC, overrides: { a: '1' } }, content),
      taskSpecHash({ ...SPEC, seed: 2n }, content),
      taskSpecHash({ ...SPEC, targetWindow: 90 }, content),
    ];
    expect(new Set([hash, ...others]).size).toBe(others.length + 1);
  });

  test('has a seed of its own', () => {
    const seeds = SPEC.pairs.flatMap((pair) =>
      SPEC.horizons.map((horizon) => taskSeed(SPEC, { pair, horizon })),
    );
    expect(new Set(seeds).size).toBe(6);
    expect(taskSeed(SPEC, content)).toBe(seeds[0]);
  });
});

test('a rerun may change how to learn, not what was fetched', () => {
  const earlier = { ...SPEC, pilotPair: 'eurusd', overrides: { a: '1' } };
  expect(rerunSpec(earlier, undefined)).toEqual({ ...earlier, pilotPair: '' });
  const given = RunSpec.fromPartial({ preset: 'mandated', overrides: { b: '2' }, maxWorkers: 3 });
  expect(rerunSpec(earlier, given)).toMatchObject({
    preset: 'mandated',
    overrides: { b: '2' },
    maxWorkers: 3,
  });
  const refused = RunSpec.fromPartial({ targetWindow: 90, sample: { rows: 5000, seed: 2n } });
  expect(() => rerunSpec(earlier, refused)).toThrow('targetWindow, sample.seed: cannot be set in a rerun');
  const lineage = RunSpec.fromPartial({ universe: { future: [{ columns: 'a', reason: 'b' }] } });
  expect(() => rerunSpec(earlier, lineage)).toThrow('universe.future: cannot be set in a rerun');
});

test('a rerun may take a part: some pairs and groups, other horizons, fewer rows, more exclusions', () => {
  const universe = { ...SPEC.universe, exclude: ['mkt_*'], expectedColumns: 22 };
  const earlier = { ...SPEC, universe };
  const given = RunSpec.fromPartial({
    pairs: [SPEC.pairs[0]!],
    horizons: [45],
    sample: { rows: 500 },
    universe: { groups: [{ name: 'tri' }, { name: 'pair' }], exclude: ['mom_*', 'mkt_*'] },
  });
  const spec = rerunSpec(earlier, given);
  expect(spec).toMatchObject({ pairs: [SPEC.pairs[0]], horizons: [45], sample: { rows: 500, seed: 1n } });
  expect(spec.universe).toEqual({
    groups: ['tri', 'pair'].map((name) => ({
      ...universe.groups.find((group) => group.name === name)!,
      optional: false,
    })),
    exclude: ['mkt_*', 'mom_*'],
    future: [],
  });
  expect(isPartOf(spec, earlier)).toBe(true);
  expect(isPartOf(rerunSpec(earlier, RunSpec.fromPartial({ pairs: [SPEC.pairs[0]!] })), earlier)).toBe(false);
  const refused: [DeepPartial<RunSpec>, string][] = [
    [{ pairs: ['audnzd'] }, 'pairs: the earlier run has no "audnzd"'],
    [{ universe: { groups: [{ name: 'cov' }] } }, 'universe.groups: the earlier run has no "cov"'],
    [
      { universe: { groups: [{ name: 'tri', tables: ['x_*'] }] } },
      'universe.groups: "tri" has other tables than before',
    ],
  ];
  for (const [change, message] of refused) {
    expect(() => rerunSpec(earlier, RunSpec.fromPartial(change))).toThrow(message);
  }
});

test('a bounded map keeps order and its limit, and stops at the first failure', async () => {
  let underWay = 0;
  let most = 0;
  const double = async (item: number) => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 5 - item));
    underWay--;
    return 2 * item;
  };
  expect(await boundedMap([1, 2, 3, 4], 2, double)).toEqual([2, 4, 6, 8]);
  expect(most).toBe(2);
  const seen: number[] = [];
  const failing = boundedMap([1, 2, 3, 4], 1, async (item) => {
    seen.push(item);
    if (item === 2) throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(seen).toEqual([1, 2]);
});
