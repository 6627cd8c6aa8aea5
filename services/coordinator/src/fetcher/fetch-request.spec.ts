import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunState } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { isGrantOf, readGrantKey } from '@onescan/process/fetch-grant.js';
import { expect, test } from 'vitest';
import { PAIR_BYTES } from '../testing/scripted-fetcher.js';
import { TestStack } from '../testing/test-stack.js';

test('an approval goes with each request, signed, for what was approved; a rerun has none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-grant-'));
  const grantKey = join(folder, 'grant.key');
  const stack = await TestStack.start({}, { grantKey });
  try {
    stack.addTrainers(1);
    const run = await stack.complete({ pairs: ['eurusd', 'gbpusd'], horizons: [15] });
    expect(run.state).toBe(RunState.RUN_STATE_COMPLETED);
    expect(stack.fetcher.fetches).toHaveLength(2);
    for (const { grant, runId, pair, planHash, datasetId, sharedDatasetId } of stack.fetcher.fetches) {
      expect(isGrantOf(readGrantKey(grantKey), grant!)).toBe(true);
      const named = { runId, pair, planHash, datasetId, sharedDatasetId };
      expect(grant).toMatchObject({ ...named, runBytes: 2n * PAIR_BYTES });
      const minutes = (Number(grant!.expiresMs) - Date.now()) / 60_000;
      expect(minutes).toBeGreaterThan(8);
      expect(minutes).toBeLessThanOrEqual(10);
    }
    const rerun = await stack.startRun({}, run.runId);
    await stack.watch(rerun);
    expect(stack.fetcher.fetches.slice(2).map(({ grant }) => grant)).toEqual([undefined, undefined]);
  } finally {
    await stack.close();
    rmSync(folder, { recursive: true });
  }
});
