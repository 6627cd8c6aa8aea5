import { PairPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { expect, test } from 'vitest';
import { checkMemory, type TrainerRoom } from './check-memory.js';

const GIB = 1024n ** 3n;
const FULL = PairPlan.fromPartial({ pair: 'eurusd', rows: 80_000, includedColumns: 6_477 });
const specWith = (memoryPerWorkerBytes: bigint) =>
  resolveRunSpec(RunSpec.fromPartial({ memoryPerWorkerBytes }));

function refusal(memory: bigint, trainers: readonly TrainerRoom[] = []): OnescanError {
  try {
    checkMemory(specWith(memory), FULL, trainers);
  } catch (thrown) {
    return OnescanError.from(thrown);
  }
  throw new Error('it was let pass');
}

test('what fits passes, by the memory of the spec and of the trainers', () => {
  checkMemory(specWith(8n * GIB), FULL, []);
  checkMemory(specWith(8n * GIB), FULL, [{ memoryLimitBytes: 8n * GIB, threads: 1 }]);
  const small = PairPlan.fromPartial({ pair: 'eurusd', rows: 3000, includedColumns: 140 });
  checkMemory(specWith(256n * 1024n ** 2n), small, []);
});

test('memory of the spec that is too small is refused, and what is advised passes', () => {
  const error = refusal(2n * GIB);
  expect(error).toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { field: 'memoryPerWorkerBytes', pair: 'eurusd' },
    message: expect.stringMatching(
      /^memoryPerWorkerBytes: 80000 rows x 6477 columns of eurusd need .* GiB of memory to learn, memoryPerWorkerBytes is 2.00 GiB$/,
    ),
  });
  const advised = BigInt(/set memoryPerWorkerBytes to (\d+)/i.exec(error.remedy)![1]!);
  checkMemory(specWith(advised), FULL, []);
  expect(refusal(advised - 1024n ** 2n).code).toBe('INVALID_ARGUMENT');
});

test('trainers that are all too small are named, one that is large enough is enough', () => {
  const small = { memoryLimitBytes: GIB, threads: 1 };
  const error = refusal(8n * GIB, [small, small]);
  expect(error.message).toContain('no connected trainer has more than 1.00 GiB');
  expect(error.remedy).toMatch(/^Start trainers with --memory-limit \d+MiB or more, or test fewer columns/);
  checkMemory(specWith(8n * GIB), FULL, [small, { memoryLimitBytes: 8n * GIB, threads: 1 }]);
});

test('threads need memory of their own', () => {
  const least = BigInt(/to (\d+)/.exec(refusal(2n * GIB).remedy)![1]!);
  const room = (threads: number) => [{ memoryLimitBytes: least, threads }];
  checkMemory(specWith(8n * GIB), FULL, room(1));
  expect(refusal(8n * GIB, room(8)).message).toContain('no connected trainer has more than');
});
