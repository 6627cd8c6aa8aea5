import { expect, it } from 'vitest';
import { QueryJob } from '../generated/onescan/v1/fetcher.js';
import { formatBytes, parseBytes } from './bytes.js';
import { formatCount } from './count.js';
import { formatDuration } from './duration.js';
import { formatStatementOf } from './statement-of.js';
import { formatUsd } from './usd.js';

it.each([
  [0, '0 B'],
  [1536, '1.50 KiB'],
  [10n * 1024n ** 2n, '10.0 MiB'],
  [292n * 1024n ** 3n, '292 GiB'],
])('formatBytes(%s) is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

it.each([
  ['8GiB', 8 * 1024 ** 3],
  ['1.5 gib', 1.5 * 1024 ** 3],
  ['1024', 1024],
  ['8GB', 8e9],
  ['500 mb', 5e8],
  ['512Mi', 512 * 1024 ** 2],
  ['8XB', undefined],
  ['B', undefined],
  ['-1', undefined],
])('parseBytes(%s) is %s', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

it('counts one thing and many', () => {
  expect([1, 2, 0, 1234].map((count) => formatCount(count, 'row'))).toEqual([
    '1 row',
    '2 rows',
    '0 rows',
    '1,234 rows',
  ]);
  expect(formatCount(3, 'query', 'queries')).toBe('3 queries');
});

it.each([
  [0, '$0.00'],
  [12.345, '$12.35'],
  [0.1, '$0.10'],
  [0.00123, '$0.0012'],
])('formatUsd(%s) is %s', (usd, text) => expect(formatUsd(usd)).toBe(text));

it.each([
  [0.44, '0.4 s'],
  [12.4, '12 s'],
  [185, '3 min 05 s'],
  [7620, '2 h 07 min'],
])('formatDuration(%s) is %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

it.each([
  [{}, 'eurusd'],
  [{ shared: true }, 'shared, for eurusd'],
  [{ purpose: 'metadata' }, 'metadata, for eurusd'],
])('a statement with %j is of "%s"', (changes, text) =>
  expect(formatStatementOf(QueryJob.create({ pair: 'eurusd', purpose: 'fetch', ...changes }))).toBe(text),
);
