import {
  ApproveRunRequest,
  CancelRunRequest,
  GetLedgerRequest,
  PlanRunRequest,
  StartRunRequest,
  WatchRunRequest,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { DeepPartial, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import type { OnescanError } from '@onescan/contract/onescan-error.js';
import { callServerStream, callUnary } from '@onescan/process/grpc/client.js';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { TestStack } from '../testing/test-stack.js';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 }); // generous: the machine may be busy
process.env.ONESCAN_LOG_LEVEL = 'silent';

let stack: TestStack;

beforeAll(async () => {
  stack = await TestStack.start();
});
afterAll(() => stack?.close());

const LONG = 'x'.repeat(10_000);
const horizons = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

function plan(spec: DeepPartial<RunSpec>): Promise<unknown> {
  return callUnary(stack.client, stack.client.planRun, PlanRunRequest.fromPartial({ spec }));
}

function start(request: DeepPartial<StartRunRequest>): Promise<unknown> {
  return callUnary(stack.client, stack.client.startRun, StartRunRequest.fromPartial(request));
}

async function watch(runId: string): Promise<void> {
  const { client } = stack;
  for await (const _ of callServerStream(client, client.watchRun, WatchRunRequest.fromPartial({ runId })));
}

async function ledger(request: DeepPartial<GetLedgerRequest>): Promise<void> {
  const { client } = stack;
  for await (const _ of callServerStream(client, client.getLedger, GetLedgerRequest.fromPartial(request)));
}

it.each<[string, () => Promise<unknown>]>([
  ['10,000 horizons', () => plan({ horizons: horizons(10_000) })],
  ['10,000 horizons of a run', () => start({ spec: { horizons: horizons(10_000) } })],
  ['200,000 horizons with a double', () => plan({ horizons: [...horizons(200_000), 1] })],
  ['many pairs', () => plan({ pairs: new Array(5_000).fill('eurusd') })],
  ['many overrides', () => plan({ overrides: Object.fromEntries(horizons(500).map((n) => [`x${n}`, '1'])) })],
  ['a long override', () => plan({ overrides: { 'select.pairs': LONG } })],
  ['a long rerun', () => start({ rerunOf: LONG })],
  ['a long run id', () => callUnary(stack.client, stack.client.getRun, { runId: LONG })],
  [
    'a long approval',
    () =>
      callUnary(
        stack.client,
        stack.client.approveRun,
        ApproveRunRequest.fromPartial({ runId: 'x', planHash: LONG }),
      ),
  ],
  [
    'a long reason',
    () =>
      callUnary(
        stack.client,
        stack.client.cancelRun,
        CancelRunRequest.fromPartial({ runId: 'x', reason: LONG }),
      ),
  ],
  ['a long run to watch', () => watch(LONG)],
  ['a long pair of a ledger', () => ledger({ runId: 'x', pair: LONG })],
])('refuses %s at once, in a short text', async (_what, ask) => {
  const started = performance.now();
  const error = (await ask().catch((thrown: unknown) => thrown)) as OnescanError;
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(error.text.length).toBeLessThan(300);
  expect(performance.now() - started).toBeLessThan(5_000);
});

it('a flood of requests that are too large keeps nobody waiting', async () => {
  const flood = Promise.allSettled(
    Array.from({ length: 20 }, () => plan({ horizons: [...horizons(200_000), 1] })),
  );
  const started = performance.now();
  await callUnary(stack.client, stack.client.listTrainers, {});
  // 20 quadratic searches took minutes.
  expect(performance.now() - started).toBeLessThan(5_000);
  await flood;
});
