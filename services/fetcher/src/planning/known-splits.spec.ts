import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type KnownSplit, KnownSplits } from './known-splits.js';

const SIZE = { tables: 600, columns: 6000, length: 700_000 };
const SPLIT: KnownSplit = {
  refusal: 'complexity',
  statements: [
    { strategy: 'pack', pieces: [{ table: 's.a', start: 0, end: 3 }] },
    { pieces: [{ table: 's.b', start: 0, end: 1 }] },
  ],
  refused: ['s.c'],
};

let folder: string;
let path: string;
const problems: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-splits-'));
  path = join(folder, 'known-splits.json');
  problems.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (warehouse = 'bigquery:p', now = 1000): KnownSplits =>
  new KnownSplits({ warehouse, path, now: () => now, onProblem: (problem) => problems.push(problem) });

const refused = (parts = SIZE) => ({ refused: [{ parts, refusal: 'complexity' as const }], passed: [] });

it('outlives the process, for its own warehouse alone, in a file that is replaced as a whole', () => {
  const known = open();
  known.learn(refused());
  known.remember('k', SPLIT);
  expect(open().splitOf('k')).toEqual(SPLIT);
  expect(open().refusalOf(SIZE)).toBe('complexity');
  expect(open('bigquery:q').splitOf('k')).toBeUndefined();
  expect(open('bigquery:q').refusalOf(SIZE)).toBeUndefined();
  open('bigquery:q').remember('k', { ...SPLIT, refused: [] });
  expect(open().splitOf('k')).toEqual(SPLIT);
  open().forget('k');
  expect(open().splitOf('k')).toBeUndefined();
  expect(open('bigquery:q').splitOf('k')?.refused).toEqual([]);
  expect(readdirSync(folder)).toEqual(['known-splits.json']);
});

it('takes for refused what is no less in tables, columns and about as long, for a week', () => {
  open().learn(refused());
  const known = open();
  expect(known.refusalOf({ ...SIZE, columns: 7000, length: 690_000 })).toBe('complexity');
  expect(known.refusalOf({ ...SIZE, tables: 599 })).toBeUndefined();
  expect(known.refusalOf({ ...SIZE, columns: 5999 })).toBeUndefined();
  expect(known.refusalOf({ ...SIZE, length: 600_000 })).toBeUndefined();
  expect(open('bigquery:p', 1000 + 7 * 86_400_000).refusalOf(SIZE)).toBeUndefined();
  // A clock that was set back proves nothing.
  expect(open('bigquery:p', 999).refusalOf(SIZE)).toBeUndefined();
});

it('drops what something larger disproves, but for what could not be run', () => {
  const larger = { tables: 700, columns: 7000, length: 800_000 };
  const known = open();
  known.learn(refused());
  known.learn({ refused: [], passed: [{ ...larger, tables: 599 }] });
  expect(known.refusalOf(SIZE)).toBe('complexity');
  known.learn({ refused: [], passed: [larger] });
  expect(known.refusalOf(SIZE)).toBeUndefined();
  known.refuseAtRun(SIZE, 'resources');
  known.learn({ refused: [], passed: [larger] });
  expect(open().refusalOf(SIZE)).toBe('resources');
});

it.each([
  ['torn', (text: string) => text.slice(0, text.length / 2)],
  ['of another version', (text: string) => text.replace('"formatVersion":1', '"formatVersion":2')],
  ['of something else', () => '{"statements": []}'],
  ['with a value that cannot be', (text: string) => text.replace('"tables":600', '"tables":-1')],
])('begins anew when the file is %s, and says so', (_, damage) => {
  open().learn(refused());
  writeFileSync(path, damage(readFileSync(path, 'utf8')));
  const known = open();
  expect(problems).toEqual([expect.stringContaining('cannot be read, statements are split anew')]);
  expect(known.refusalOf(SIZE)).toBeUndefined();
  known.learn(refused());
  expect(open().refusalOf(SIZE)).toBe('complexity');
});

it('goes on without its file when that cannot be written', () => {
  rmSync(folder, { recursive: true });
  const known = open();
  known.learn(refused());
  expect(problems).toEqual([expect.stringContaining('cannot be written')]);
  expect(known.refusalOf(SIZE)).toBe('complexity');
  folder = mkdtempSync(join(tmpdir(), 'onescan-splits-'));
});

it('keeps the newest of many', () => {
  const known = open();
  for (let i = 0; i < 100; i++) {
    known.remember(`k${i}`, SPLIT);
    known.learn(refused({ ...SIZE, tables: 1000 - i }));
  }
  expect([known.splitOf('k0'), known.splitOf('k99')]).toEqual([undefined, SPLIT]);
  expect(open().refusalOf({ ...SIZE, tables: 901 })).toBe('complexity');
});
