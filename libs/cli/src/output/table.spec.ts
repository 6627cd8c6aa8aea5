import { expect, it } from 'vitest';
import { renderTable } from './table.js';

it('aligns columns under a ruled title, numbers to the right', () => {
  const text = renderTable<[string, number]>(
    [
      { title: 'pair', text: ([pair]) => pair },
      { title: 'n', text: ([, n]) => String(n), align: 'right' },
    ],
    [
      ['eurusd', 5],
      ['a', 1234],
    ],
  );
  expect(text).toBe('pair       n\n------  ----\neurusd     5\na       1234\n');
});

it('prints the titles of an empty table', () => {
  expect(renderTable([{ title: 'run', text: String }], [])).toBe('run\n---\n');
});
