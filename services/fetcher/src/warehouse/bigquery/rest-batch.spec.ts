import { expect, it } from 'vitest';
import type { Cell } from './api-answers.js';
import { nullableText, RestBatch } from './rest-batch.js';

const list = (...values: string[]): Cell => ({ v: values.map((v) => ({ v })) });
const row = (...cells: (string | Cell)[]) => ({
  f: cells.map((cell) => (typeof cell === 'string' ? { v: cell } : cell)),
});
const COLUMNS = new Map([
  ['part', 0],
  ['numbers', 1],
  ['texts', 2],
]);

it('reads whole numbers, lists of doubles and of marked texts', () => {
  const batch = new RestBatch(
    [
      row('1', { v: [{ v: '0.1' }, { v: 'nan' }, { v: null }] }, list('=', '')),
      row('0', list(), list()),
      row('1', list('-Infinity', '1.5E-7'), list('==a', '=b')),
    ],
    COLUMNS,
  );
  expect([...batch.integers('part')]).toEqual([1, 0, 1]);
  const numbers = batch.numberLists('numbers');
  expect([...numbers.offsets]).toEqual([0, 3, 3, 5]);
  expect([...numbers.values]).toEqual([0.1, Number.NaN, Number.NaN, Number.NEGATIVE_INFINITY, 1.5e-7]);
  expect(batch.textLists('texts').values).toEqual(['', null, '=a', 'b']);
});

it.each([
  ['a number', () => new RestBatch([row('0', list('abc'), list())], COLUMNS).numberLists('numbers')],
  ['an empty number', () => new RestBatch([row('0', list(''), list())], COLUMNS).numberLists('numbers')],
  ['a text', () => new RestBatch([row('0', list(), list('x'))], COLUMNS).textLists('texts')],
  ['a list', () => new RestBatch([row('0', '1', list())], COLUMNS).numberLists('numbers')],
  ['a whole number', () => new RestBatch([row('1.5', list(), list())], COLUMNS).integers('part')],
  ['a whole number', () => new RestBatch([row({ v: null }, list(), list())], COLUMNS).integers('part')],
  ['a whole number', () => new RestBatch([row(list(), list(), list())], COLUMNS).integers('part')],
  ['a whole number', () => new RestBatch([row('', list(), list())], COLUMNS).integers('part')],
  ['a list', () => new RestBatch([row('0', { v: { f: [] } })], COLUMNS).numberLists('numbers')],
  ['a list', () => new RestBatch([row('0')], COLUMNS).textLists('texts')],
  ['a text', () => nullableText(list('x'))],
  ['a text', () => nullableText({ v: { f: [] } })],
])('never takes what is not %s for one', (_, read) => {
  expect(read).toThrow('where a');
});

it('says which column a result lacks', () => {
  expect(() => new RestBatch([], new Map()).integers('part')).toThrow('BigQuery sent no column part');
});
