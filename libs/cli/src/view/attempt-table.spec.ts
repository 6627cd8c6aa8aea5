import {
  AttemptOutcome,
  AttemptStatus,
  TaskStatus,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { expect, test } from 'vitest';
import { attemptTable } from './attempt-table.js';

const time = (seconds: number) => ({ seconds: BigInt(1_796_000_000 + seconds), nanos: 0 });
const attempt = (fields: Partial<AttemptStatus>) => AttemptStatus.create({ startedAt: time(0), ...fields });
const DONE = AttemptOutcome.ATTEMPT_OUTCOME_DONE;

test('every attempt of the tasks that took more than one, with worker, cause and times', () => {
  const lost = attempt({
    attempt: 1,
    trainerId: 'trainer-1',
    endedAt: time(75),
    outcome: AttemptOutcome.ATTEMPT_OUTCOME_OUT_OF_MEMORY,
    stage: 'select',
    fraction: 0.4,
    message: 'the limit was\u001b exceeded',
    traceUrl: 'http://jaeger/trace/1?uiFind=2',
  });
  const again = attempt({ attempt: 2, trainerId: 'trainer-2', startedAt: time(80) });
  const plain = attempt({ attempt: 1, outcome: DONE, endedAt: time(9) });
  const tasks = [
    TaskStatus.create({ pair: 'eurusd', horizon: 15, attempts: [lost, again] }),
    TaskStatus.create({ pair: 'eurusd', horizon: 30, attempts: [plain] }),
  ];
  const lines = attemptTable({ tasks }).trimEnd().split('\n');
  expect(lines.at(-1)).toBe('eurusd h15 attempt 1: http://jaeger/trace/1?uiFind=2');
  expect(lines.slice(2, -1).map((line) => line.split(/ {2,}/))).toEqual([
    [
      'eurusd',
      '15',
      '1',
      'trainer-1',
      '2026-11-30 00:53:20',
      '1 min 15 s',
      'out of memory',
      'select 40.0 %',
      expect.stringContaining('\\u001b'),
    ],
    ['eurusd', '15', '2', 'trainer-2', '2026-11-30 00:54:40', '-', 'under way', '-', '-'],
  ]);
});

test('nothing where every task took one attempt', () => {
  const tasks = [
    TaskStatus.create({ attempts: [attempt({ attempt: 1, outcome: DONE })] }),
    TaskStatus.create({}),
  ];
  expect(attemptTable({ tasks })).toBe('');
});
