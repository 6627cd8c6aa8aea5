import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { ApprovalMode, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { callServerStream, callUnary } from '@onescan/process/grpc/client.js';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { TestStack } from '../testing/test-stack.js';
import { parseRunFilter } from './run-filter.js';

const SPEC = RunSpec.fromPartial({ pairs: ['eurusd'], horizons: [15], budgetUsd: 1 });

let stack: TestStack;
afterEach(async () => stack?.close());

type Request = Parameters<TestStack['client']['startRun']>[0];

async function start(more: Partial<Request> = {}): Promise<string> {
  const { runId } = await callUnary(stack.client, stack.client.startRun, {
    spec: SPEC,
    rerunOf: '',
    ...more,
  });
  return runId;
}

async function list(filter = '', pageSize?: number, pageToken?: string) {
  const request = { filter, ...(pageSize ? { pageSize } : {}), ...(pageToken ? { pageToken } : {}) };
  return callUnary(stack.client, stack.client.listRuns, request);
}

test('runs are listed in brief, page by page, the newest first, and found by name, label, state and time', async () => {
  stack = await TestStack.start();
  const ids: string[] = [];
  for (let i = 0; i < 7; i++) {
    ids.push(
      await start({ tags: { name: `Carry ${i}`, labels: { team: i % 2 ? 'fx' : 'rates', nr: String(i) } } }),
    );
  }
  for (const id of ids) await stack.reach(id, 'RUN_STATE_AWAITING_APPROVAL');
  await callUnary(stack.client, stack.client.cancelRun, { runId: ids[3]!, pair: '', reason: '' });

  const seen: string[] = [];
  for (let token: string | undefined; token !== ''; ) {
    const page = await list('', 3, token);
    expect(page.totalSize).toBe(7);
    seen.push(...page.runs.map(({ runId }) => runId));
    token = page.nextPageToken;
  }
  expect(seen).toEqual(ids.toReversed());

  const found = async (filter: string) => (await list(filter)).runs.map(({ runId }) => ids.indexOf(runId));
  expect(await found('labels.team = "fx"')).toEqual([5, 3, 1]);
  expect(await found('labels.team = fx AND state != CANCELLED')).toEqual([5, 1]);
  expect(await found('state = CANCELLED')).toEqual([3]);
  expect(await found('name : "CARRY 4"')).toEqual([4]);
  expect(await found('name = "Carry 4"')).toEqual([4]);
  expect(await found('labels.nr : *')).toHaveLength(7);
  expect(await found('labels.other : *')).toEqual([]);
  expect(await found('create_time >= "2020-01-01" AND create_time < "2020-01-02T00:00:00Z"')).toEqual([]);

  const [newest] = (await list('', 1)).runs;
  expect(newest).toMatchObject({
    tags: { name: 'Carry 6', labels: { team: 'rates', nr: '6' } },
    state: RunState.RUN_STATE_AWAITING_APPROVAL,
    tasksTotal: 1,
    tasksDone: 0,
    tasks: [],
    pairs: [],
    plan: { planHash: (await stack.getRun(ids[6]!)).plan!.planHash, pairs: [] },
  });
  await expect(list('', 501)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(list('state = CANCELLED', 3, (await list('', 3)).nextPageToken)).rejects.toThrow('page_token');
});

test('a request sent again starts one run, another one under its id none', async () => {
  stack = await TestStack.start();
  const requestId = 'a-request';
  const runId = await start({ requestId });
  expect(await Promise.all([start({ requestId }), start({ requestId })])).toEqual([runId, runId]);
  await stack.stopCoordinator();
  await stack.startCoordinator();
  expect(await start({ requestId })).toBe(runId);
  const other = start({ requestId, spec: { ...SPEC, horizons: [30] } });
  await expect(other).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
    message: expect.stringContaining(runId),
  });
  expect(await start({ requestId: 'b' })).not.toBe(runId);
  expect((await list()).totalSize).toBe(2);
});

test('an approval sent again is a success, and approves no more than it did', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1);
  const spec = { ...SPEC, pairs: ['eurusd', 'usdjpy'], pilotPair: 'eurusd' };
  const runId = await start({ spec });
  const { planHash } = (await stack.reach(runId, 'RUN_STATE_AWAITING_APPROVAL')).plan!;
  const approve = (requestId?: string) =>
    callUnary(stack.client, stack.client.approveRun, {
      runId,
      planHash,
      approvedBy: 'test',
      automatic: false,
      ...(requestId ? { requestId } : {}),
    });
  await approve('first');
  await stack.reach(runId, 'RUN_STATE_AWAITING_PILOT_APPROVAL');
  // The first answer was lost: the pilot's cost has not been looked at.
  const { run } = await approve('first');
  expect(run!.state).toBe(RunState.RUN_STATE_AWAITING_PILOT_APPROVAL);
  await approve('second');
  await stack.watch(runId);
  expect((await approve()).run).toMatchObject({
    state: RunState.RUN_STATE_COMPLETED,
    approvals: { length: 2 },
  });
});

test('a run that has ended is removed with all it left; one that goes on is not', async () => {
  stack = await TestStack.start();
  stack.addTrainers(1);
  const ended = await stack.complete({
    pairs: ['eurusd'],
    horizons: [15],
    approvalMode: ApprovalMode.APPROVAL_MODE_WITHIN_BUDGET,
  });
  const waiting = await start();
  await stack.reach(waiting, 'RUN_STATE_AWAITING_APPROVAL');
  const remove = (runId: string) => callUnary(stack.client, stack.client.deleteRun, { runId });
  await expect(remove(waiting)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  expect(existsSync(join(stack.stateDir, 'runs', ended.runId))).toBe(true);
  await remove(ended.runId);
  expect(existsSync(join(stack.stateDir, 'runs', ended.runId))).toBe(false);
  await expect(stack.getRun(ended.runId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(remove(ended.runId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect((await list()).runs.map(({ runId }) => runId)).toEqual([waiting]);
  const ledger = callServerStream(stack.client, stack.client.getLedger, {
    runId: ended.runId,
    pair: '',
    horizon: 0,
  });
  await expect(ledger.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('runs are kept as long as the coordinator was told', async () => {
  stack = await TestStack.start({}, { keepRunDays: 3 });
  let now = Date.parse('2026-11-01T00:00:00Z');
  stack.clocks = { wall: () => now, monotonic: () => performance.now() };
  await stack.stopCoordinator();
  await stack.startCoordinator();
  stack.addTrainers(1);
  const old = await stack.complete({ pairs: ['eurusd'], horizons: [15] });
  now += 5 * 86_400_000;
  await stack.stopCoordinator();
  await stack.startCoordinator();
  await expect.poll(async () => (await list()).totalSize).toBe(0);
  await expect(stack.getRun(old.runId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test.each([
  [{ tags: { name: 'x'.repeat(129), labels: {} } }, 'name'],
  [{ tags: { name: 'a\u202eb', labels: {} } }, 'name'],
  [{ tags: { name: '\u001b[31m', labels: {} } }, 'name'],
  [{ tags: { name: '', labels: { Team: 'x' } } }, 'labels'],
  [{ tags: { name: '', labels: { team: 'x'.repeat(129) } } }, 'labels'],
  [
    { tags: { name: '', labels: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v'])) } },
    'labels',
  ],
  [{ requestId: 'x'.repeat(129) }, 'request_id'],
  [{ requestId: 'a b' }, 'request_id'],
])('refuses %j before anything is stored', async (request, field) => {
  stack = await TestStack.start();
  await expect(start(request)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining(field),
  });
  expect((await list()).totalSize).toBe(0);
});

test.each([Number.POSITIVE_INFINITY, Number.NaN, Number.NEGATIVE_INFINITY, -1, 1e308])(
  'a budget of %d is refused',
  async (budgetUsd) => {
    stack = await TestStack.start();
    const refused = { code: 'INVALID_ARGUMENT', message: expect.stringContaining('budgetUsd') };
    await expect(start({ spec: { ...SPEC, budgetUsd } })).rejects.toMatchObject(refused);
    const plan = callUnary(stack.client, stack.client.planRun, { spec: { ...SPEC, budgetUsd } });
    await expect(plan).rejects.toMatchObject(refused);
  },
);

describe('the filter', () => {
  test.each([
    'state',
    'state =',
    'state = NOWHERE',
    'colour = red',
    'state = DONE OR state = X',
    'name : ',
    'labels = x',
    'create_time = yesterday',
    'state < COMPLETED',
    'state = COMPLETED state = FAILED',
    "name = 'x'; DROP TABLE runs; --",
  ])('refuses %s', (filter) => {
    expect(() => parseRunFilter(filter)).toThrow('filter');
  });

  test('refuses one that is too long', () => {
    expect(() => parseRunFilter('x'.repeat(2_000))).toThrow('longer than');
  });

  test('takes any text as a value, never as SQL', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (text) => {
        const quoted = `"${text.replace(/["\\]/g, '\\$&')}"`;
        expect(parseRunFilter(`name = ${quoted}`)).toEqual({ sql: 'name = $1', values: [text] });
      }),
    );
  });

  test('answers or refuses whatever it is given, at once', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 1_000 }), (text) => {
        try {
          parseRunFilter(text);
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'INVALID_ARGUMENT' });
        }
      }),
    );
  });
});
