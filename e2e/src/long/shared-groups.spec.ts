import { canonicalJson } from '@onescan/contract/canonical-json.js';
import { type Run, RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { finishRun, quickSpec, runLedger, runResults, startRun } from '../runs.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

/** Few features and rows: what is compared are results, not speed. */
const SPEC = { horizons: [15], sample: { rows: 2000 } };

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 1 });
});
afterAll(() => stack.stop());

async function run(more: Readonly<Record<string, unknown>>): Promise<Run> {
  const ended = await finishRun(stack, await startRun(stack, quickSpec({ ...SPEC, ...more })));
  expect(ended.state, ended.problems.join('\n')).toBe(RunState.RUN_STATE_COMPLETED);
  return ended;
}

/** Documents without the name of the dataset file, the one thing that may differ. */
async function documentsOf({ runId }: Run): Promise<string[]> {
  const results = await runResults(stack, runId);
  return results.map(({ document }) => {
    const parsed = JSON.parse(String(document)) as { dataset: { id: string } };
    const { id } = parsed.dataset;
    expect(canonicalJson(parsed)).toBe(String(document));
    return String(document).replaceAll(id, 'ID');
  });
}

async function ledgerOf({ runId }: Run): Promise<object[]> {
  return (await runLedger(stack, runId)).map(({ runId: _, ...row }) => row);
}

test('what all pairs share is fetched once, and the results are those of fetching it for every pair', async () => {
  // The other way round the datasets of the pairs would be made of those that hold all.
  const once = await run({ sharedGroups: 'once' });
  const apart = await run({ sharedGroups: 'per-pair' });
  expect(apart.statementsRun).toBe(2);
  expect(once.statementsRun).toBe(3);
  const { shared } = once.plan!;
  expect(shared).toMatchObject({ cached: false, columns: expect.any(Number) });
  expect(shared!.columns).toBeGreaterThan(0);
  expect(once.bytesBilled).toBe(once.plan!.bytes);
  expect(once.plan!.perPairBytes).toBe(apart.plan!.bytes);

  expect(await documentsOf(once)).toEqual(await documentsOf(apart));
  const ledger = await ledgerOf(once);
  expect(ledger).toEqual(await ledgerOf(apart));
  expect(ledger).toHaveLength(once.plan!.pairs.reduce((sum, pair) => sum + pair.columns, 0));

  const again = await run({ sharedGroups: 'once' });
  expect(again).toMatchObject({ statementsRun: 0, resultsSha256: once.resultsSha256 });
  const rerun = await finishRun(stack, await startRun(stack, undefined, once.runId));
  expect(rerun).toMatchObject({
    state: RunState.RUN_STATE_COMPLETED,
    statementsRun: 0,
    resultsSha256: once.resultsSha256,
  });
});
