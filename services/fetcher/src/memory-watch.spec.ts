import type { OnescanError } from '@onescan/contract/onescan-error.js';
import { expect, it } from 'vitest';
import { MemoryWatch } from './memory-watch.js';

const MIB = 1024 ** 2;

it('says with the figures that the limit is exceeded, as long as it is', () => {
  const errors: OnescanError[] = [];
  let rssBytes = 90 * MIB;
  const watch = new MemoryWatch({
    limitBytes: 100 * MIB,
    onExceeded: (error) => errors.push(error),
    readMemory: () => ({ rssBytes }),
  });
  for (const mib of [90, 101, 150, 99]) {
    rssBytes = mib * MIB;
    watch.check();
  }
  watch.stop();
  expect(errors.map(({ code, message }) => `${code} ${message}`)).toEqual([
    'RESOURCE_EXHAUSTED the fetcher takes 101 MiB, its limit is 100 MiB',
    'RESOURCE_EXHAUSTED the fetcher takes 150 MiB, its limit is 100 MiB',
  ]);
  expect(watch.peakBytes).toBe(150 * MIB);
});

it('gives up before a container is full, whoever fills it', () => {
  const errors: OnescanError[] = [];
  const watch = new MemoryWatch({
    limitBytes: 1000 * MIB,
    onExceeded: (error) => errors.push(error),
    readMemory: () => ({ rssBytes: MIB, cgroupBytes: 96 * MIB, cgroupLimitBytes: 100 * MIB }),
  });
  watch.check();
  watch.stop();
  expect(errors[0]?.message).toBe('the container of the fetcher takes 96.0 MiB of 100 MiB');
});
