import { expect, it } from 'vitest';
import { displayWidth } from '../terminal/display-width.js';
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

it('aligns wide, combining and joined characters by what they take on a terminal', () => {
  const names = ['eurusd', '円ドル', 'e\u0301cart', '👩‍💻', 'ｆｗ'];
  const text = renderTable<string>(
    [
      { title: '名', text: (name) => name },
      { title: '|', text: () => '|' },
    ],
    names,
  );
  const columns = text
    .split('\n')
    .filter((line) => line.endsWith('|'))
    .map((line) => displayWidth(line));
  expect(columns).toEqual(Array.from({ length: 1 + names.length }, () => 'eurusd  |'.length));
});

it('keeps a cell on its line and does not let it steer the terminal', () => {
  const text = renderTable([{ title: 'error', text: String }], ['a\n  b\u001b[2J\u0007']);
  expect(text).toBe('error\n------------------\na b\\u001b[2J\\u0007\n');
});

it('prints very many rows', () => {
  const text = renderTable(
    [{ title: 'n', text: String }],
    Array.from({ length: 200_000 }, (_, i) => i),
  );
  expect(text.split('\n')).toHaveLength(200_003);
});
