import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flagTableDoc } from '@onescan/process/service/flag-docs.js';
import { expect, test } from 'vitest';
import { parseTrainerOptions, TRAINER_FLAGS } from './trainer-options.js';

const memory = { rssBytes: 1 };
const coordinator = ['--coordinator', '127.0.0.1:7400'];

test('defaults: 8 GiB, an id of host and process', () => {
  const options = parseTrainerOptions(coordinator, memory);
  expect(options).toMatchObject({
    coordinator: '127.0.0.1:7400',
    memoryLimitBytes: 8 * 1024 ** 3,
    graceMs: 25_000,
    threads: 1,
  });
  expect(options.id).toContain(String(process.pid));
});

test('memory in units, capped by the container', () => {
  const limit = (text: string, cgroupLimitBytes?: number): number =>
    parseTrainerOptions([...coordinator, '--memory-limit', text], {
      rssBytes: 1,
      ...(cgroupLimitBytes === undefined ? {} : { cgroupLimitBytes }),
    }).memoryLimitBytes;
  expect(limit('2GiB')).toBe(2 * 1024 ** 3);
  expect(limit('536870912')).toBe(512 * 1024 ** 2);
  expect(limit('2GiB', 1024 ** 3)).toBe(1024 ** 3);
});

test('threads of one horizon', () => {
  expect(parseTrainerOptions([...coordinator, '--threads', '4'], memory).threads).toBe(4);
});

test.each([
  [[], /--coordinator is missing/],
  [['--coordinator', 'nowhere'], /"nowhere" is not an address/],
  [['--coordinator', 'a:0'], /"a:0" is not allowed/],
  [[...coordinator, '--memory-limit', 'much'], /--memory-limit "much"/],
  [[...coordinator, '--memory-limit', '10MiB'], /"10MiB" is not allowed/],
  [[...coordinator, '--id', 'a b'], /--id "a b"/],
  [[...coordinator, '--grace', 'soon'], /--grace "soon"/],
  [[...coordinator, '--threads', '0'], /--threads "0"/],
  [[...coordinator, '--threads', 'all'], /--threads "all"/],
  [[...coordinator, '--colour'], /--colour/],
])('%j is refused', (args, message) => {
  expect(() => parseTrainerOptions(args, memory)).toThrow(message);
});

test('docs/trainer.md holds the table of flags', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/trainer.md'), 'utf8');
  expect(page).toContain(`\n${flagTableDoc(TRAINER_FLAGS)}\n\n`);
});
