import { readFileSync } from 'node:fs';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import { roundedReason } from '@onescan/dataset/rounded-columns.js';
import { afterEach, expect, test } from 'vitest';
import { TestStack } from '../testing/test-stack.js';

let stack: TestStack;

afterEach(() => stack.close());

test('a run says which columns of a pair were rounded: an event, its pairs after a restart, its report', async () => {
  const rounded = { count: 2, widest: [{ featureId: 'id.order_nr', gap: 256 }] };
  stack = await TestStack.start({
    lies: { dataset: (ref) => (ref.pair === 'gbpusd' ? { ...ref, rounded } : ref) },
  });
  stack.addTrainers(1);
  const runId = await stack.startRun({ pairs: ['eurusd', 'gbpusd'], horizons: [15] });
  const events = await stack.watch(runId);
  const text = `gbpusd: ${reasonText(roundedReason(rounded))}`;
  expect(events.flatMap(({ event }) => (event?.$case === 'note' ? [event.value] : []))).toEqual([text]);
  await stack.stopCoordinator();
  await stack.startCoordinator();
  const run = await stack.getRun(runId);
  expect(run.pairs.map(({ dataset }) => dataset?.rounded)).toEqual([undefined, rounded]);
  expect(readFileSync(run.reportPath, 'utf8')).toContain(`<li>${text}</li>`);
});
