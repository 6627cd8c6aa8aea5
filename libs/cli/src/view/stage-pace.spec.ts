import { FetchProgress } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { expect, it } from 'vitest';
import { nextPace, stageSecondsLeft } from './stage-pace.js';

const at = (stage: string, done: number) =>
  FetchProgress.fromPartial({ stage, done: BigInt(done), total: 100n });

it('reckons what is left of a stage from the pace since it was first seen', () => {
  const first = nextPace(undefined, at('spool', 10), 100);
  expect(stageSecondsLeft(first)).toBeUndefined();
  const later = nextPace(first, at('spool', 40), 106);
  expect(stageSecondsLeft(later)).toBeCloseTo(12);
  expect(stageSecondsLeft(nextPace(later, at('spool', 100), 118))).toBe(0);
});

it('starts anew with the next stage, and with a fetch that starts again', () => {
  const spool = nextPace(nextPace(undefined, at('spool', 0), 0), at('spool', 90), 9);
  expect(stageSecondsLeft(nextPace(spool, at('write', 1), 10))).toBeUndefined();
  expect(stageSecondsLeft(nextPace(spool, at('spool', 5), 20))).toBeUndefined();
});

it('says nothing while a stage stands still', () => {
  const start = nextPace(undefined, at('query', 0), 0);
  expect(stageSecondsLeft(nextPace(start, at('query', 0), 60))).toBeUndefined();
});
