import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  describeMemory,
  MemoryGuard,
  type MemorySample,
  memoryLevel,
  SAMPLE_INTERVAL_MS,
} from './memory-guard.js';

const MIB = 1024 ** 2;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function guarded(limitBytes: number, container: { cgroupBytes?: number; cgroupLimitBytes?: number } = {}) {
  const seen: MemorySample[] = [];
  let rssBytes = 0;
  const guard = new MemoryGuard({
    limitBytes,
    onPressure: (sample) => seen.push(sample),
    readMemory: () => ({ rssBytes, ...container }),
  });
  guard.start();
  const grow = (bytes: number): void => {
    rssBytes = bytes;
    vi.advanceTimersByTime(SAMPLE_INTERVAL_MS);
  };
  return { guard, seen, grow };
}

test('reports every sample under pressure and the return to ok, nothing else', () => {
  const { guard, seen, grow } = guarded(100 * MIB);
  for (const mib of [10, 50, 80, 95, 101, 40, 41]) grow(mib * MIB);
  expect(seen.map((sample) => sample.level)).toEqual(['shrink', 'pause', 'abort', 'ok']);
  guard.stop();
  grow(200 * MIB);
  expect(seen).toHaveLength(4);
});

test('a task may lower the limit but not raise it', () => {
  const { guard, seen, grow } = guarded(100 * MIB);
  guard.limitTo(50 * MIB);
  grow(48 * MIB);
  expect(seen.at(-1)).toMatchObject({ level: 'pause', limitBytes: 50 * MIB });
  guard.limitTo(500 * MIB);
  expect(guard.limitBytes).toBe(100 * MIB);
  guard.limitTo(0);
  expect(guard.limitBytes).toBe(100 * MIB);
});

test('keeps the peak until a new one is started', () => {
  const { guard, grow } = guarded(100 * MIB);
  grow(60 * MIB);
  grow(20 * MIB);
  expect(guard.sample().peakBytes).toBe(60 * MIB);
  guard.startPeak();
  expect(guard.sample().peakBytes).toBe(20 * MIB);
});

test.each([
  [70, 'ok'],
  [80, 'shrink'],
  [90, 'pause'],
  [96, 'abort'],
] as const)('a container at %d %% of its limit is %s, however small the process is', (percent, level) => {
  const { guard } = guarded(1000 * MIB, { cgroupBytes: percent * MIB, cgroupLimitBytes: 100 * MIB });
  expect(guard.sample().level).toBe(level);
});

test('samples at least every 200 ms', () => {
  expect(SAMPLE_INTERVAL_MS).toBeLessThanOrEqual(200);
});

test('figures as words', () => {
  const words = describeMemory({ rssBytes: 512 * MIB, peakBytes: 0, limitBytes: 1024 * MIB, level: 'ok' });
  expect(words).toBe('512 MiB of 1.00 GiB resident (50 %)');
  const container = { usedBytes: 1536 * MIB, limitBytes: 2048 * MIB };
  const both = describeMemory({
    rssBytes: 512 * MIB,
    peakBytes: 0,
    limitBytes: 1024 * MIB,
    container,
    level: 'ok',
  });
  expect(both).toBe('512 MiB of 1.00 GiB resident (50 %), 1.50 GiB of 2.00 GiB in the container (75 %)');
});

test.each([
  [0, 'ok'],
  [75, 'ok'],
  [76, 'shrink'],
  [90, 'shrink'],
  [91, 'pause'],
  [100, 'pause'],
  [101, 'abort'],
] as const)('%d %% of the limit is %s', (share, level) => {
  expect(memoryLevel(share, 100)).toBe(level);
});
