import { readFileSync } from 'node:fs';
import type { DatasetRef } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import { missedReason } from '@onescan/dataset/missed-tables.js';
import { roundedReason } from '@onescan/dataset/rounded-columns.js';
import { afterEach, expect, test } from 'vitest';
import { renderReport } from '../report/render-report.js';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;

afterEach(() => stack.close());

test('a run says which columns of a pair were rounded and which tables missed its rows: events, its pairs after a restart, its report', async () => {
  const rounded = { count: 2, widest: [{ featureId: 'id.order_nr', gap: 256 }] };
  const missed = { table: 'mkt_late', missed: 0.975 };
  const lies = {
    dataset: (ref: DatasetRef) => (ref.pair === 'gbpusd' ? { ...ref, rounded, missedTables: [missed] } : ref),
  };
  stack = await TestStack.start({ lies }, {}, { renderReport });
  stack.addTrainers(1);
  const runId = await stack.startRun({ pairs: ['eurusd', 'gbpusd'], horizons: [15] });
  const events = await stack.watch(runId);
  const texts = [roundedReason(rounded), missedReason(missed)].map((why) => `gbpusd: ${reasonText(why)}`);
  expect(events.flatMap(({ event }) => (event?.$case === 'note' ? [event.value] : []))).toEqual(texts);
  await stack.stopCoordinator();
  await stack.startCoordinator();
  const run = await stack.getRun(runId);
  expect(run.pairs.map(({ dataset }) => dataset?.rounded)).toEqual([undefined, rounded]);
  expect(run.pairs.map(({ dataset }) => dataset?.missedTables)).toEqual([[], [missed]]);
  const report = readFileSync(run.reportPath, 'utf8');
  for (const text of texts) expect(report).toContain(`<li>${text}</li>`);
});
