import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { RunSpec, SharedGroups } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { afterEach, expect, test } from 'vitest';
import { type FetcherScript, PAIR_BYTES } from '../testing/scripted-fetcher.js';
import { TestStack } from '../testing/test-stack.js';

const GIB = 1024n ** 3n;
const PAIRS = ['eurusd', 'gbpusd', 'usdjpy', 'audusd', 'usdcad', 'nzdusd'];

let stack: TestStack;
afterEach(() => stack.close());

async function plan(pairs: number, script: FetcherScript, spec: Partial<RunSpec> = {}): Promise<Plan> {
  stack = await TestStack.start(script);
  return planAgain(pairs, spec);
}

async function planAgain(pairs: number, spec: Partial<RunSpec> = {}): Promise<Plan> {
  const given = RunSpec.fromPartial({ pairs: PAIRS.slice(0, pairs), ...spec });
  return (await callUnary(stack.client, stack.client.planRun, { spec: given })).plan!;
}

test('a plan of a few pairs says what fetching once would read, by a dry run of every pair', async () => {
  const { sharedOnce, planHash, ...found } = await plan(3, { sharedBytes: 31n * GIB });
  expect(sharedOnce).toMatchObject({
    bytes: 3n * (PAIR_BYTES - 31n * GIB) + 31n * GIB,
    usd: (58 / 1024) * 6.4,
    statements: 4,
    scaled: false,
    problem: '',
  });
  expect(found).toMatchObject({ metadataQueries: 1, metadataBytes: 10n });
  expect(stack.fetcher.whatIfs.toSorted()).toEqual(['eurusd', 'gbpusd', 'shared', 'usdjpy']);
  delete stack.fetcher.script.sharedBytes;
  const without = await planAgain(3);
  expect([without.sharedOnce, without.planHash]).toEqual([undefined, planHash]);
});

test('of many pairs one speaks for all, and it is said', async () => {
  const { sharedOnce } = await plan(6, { sharedBytes: 30n * GIB });
  expect(sharedOnce).toMatchObject({ bytes: 6n * 10n * GIB + 30n * GIB, statements: 7, scaled: true });
  expect(stack.fetcher.whatIfs).toEqual(['shared', 'eurusd']);
});

test('a what-if that fails is told and fails nothing', async () => {
  const whatIfError = new OnescanError('INVALID_ARGUMENT', 'the query is too complex');
  const found = await plan(2, { sharedBytes: GIB, whatIfError });
  expect(found.sharedOnce).toMatchObject({ bytes: 0n, problem: 'the query is too complex' });
  expect(found.bytes).toBe(2n * PAIR_BYTES);
});

test('nothing is asked where it could not save: one pair to fetch, no shared group, or fetched once already', async () => {
  await plan(1, { sharedBytes: GIB });
  const groups = [{ name: 'pair', tables: ['*{pair}*'], shared: false, optional: false }];
  await planAgain(2, { universe: { groups, exclude: [], future: [] } });
  expect(stack.fetcher.whatIfs).toEqual([]);
  const once = await planAgain(2, { sharedGroups: SharedGroups.SHARED_GROUPS_ONCE });
  expect(once.sharedOnce).toBeUndefined();
  expect(stack.fetcher.whatIfs).toEqual(['shared', 'eurusd', 'gbpusd']); // the plan itself
});
