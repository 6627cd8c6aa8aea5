import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ArrowBatch } from './arrow-batch.js';
import { decodeRecordBatch, decodeSchema } from './arrow-message.js';

/**
 * Written by pyarrow 26: the schema (row_index int64, part int64, numbers list of double, texts list of
 * utf8), a batch of the rows (5, 1, [0.1, nan], ['=a', '']), (2, 0, [], ['==é']),
 * (2^53 - 1, 1, [-inf, 1.5e-7, 3], []), and the slice of its last two rows.
 */
const GOLDEN = JSON.parse(readFileSync(new URL('./golden/pyarrow.json', import.meta.url), 'utf8')) as Record<
  'schema' | 'batch' | 'slice',
  string
>;
const bytes = (name: keyof typeof GOLDEN): Uint8Array => Buffer.from(GOLDEN[name], 'base64');
const fields = decodeSchema(bytes('schema'));

function read(message: Uint8Array): ArrowBatch {
  const { rows, columns } = decodeRecordBatch(fields, message);
  return new ArrowBatch(rows, columns);
}

it('reads the schema that Arrow itself writes', () => {
  expect(fields).toEqual([
    { name: 'row_index', type: 'int' },
    { name: 'part', type: 'int' },
    { name: 'numbers', type: 'list', child: { name: 'item', type: 'double' } },
    { name: 'texts', type: 'list', child: { name: 'item', type: 'text' } },
  ]);
});

it('reads the batch that Arrow itself writes', () => {
  const batch = read(bytes('batch'));
  expect(batch.rows).toBe(3);
  expect([...batch.integers('part')]).toEqual([1, 0, 1]);
  expect([...batch.integers('row_index')]).toEqual([5, 2, Number.MAX_SAFE_INTEGER]);
  const numbers = batch.numberLists('numbers');
  expect([...numbers.offsets]).toEqual([0, 2, 2, 5]);
  expect([...numbers.values]).toEqual([0.1, Number.NaN, Number.NEGATIVE_INFINITY, 1.5e-7, 3]);
  const texts = batch.textLists('texts');
  expect([...texts.offsets]).toEqual([0, 2, 3, 3]);
  expect(texts.values).toEqual(['a', null, '=é']);
});

it('reads whole numbers of either sign and refuses what a double cannot hold', () => {
  const values = [0, -1, 2 ** 32, -(2 ** 40) - 7, Number.MIN_SAFE_INTEGER];
  const column = (numbers: bigint[]): ArrowBatch =>
    new ArrowBatch(
      numbers.length,
      new Map([
        [
          'n',
          {
            type: 'int',
            length: numbers.length,
            nulls: 0,
            buffers: [new Uint8Array(), new Uint8Array(BigInt64Array.from(numbers).buffer)],
          },
        ],
      ]),
    );
  expect([...column(values.map(BigInt)).integers('n')]).toEqual(values);
  for (const large of [2n ** 53n, -(2n ** 60n)]) {
    expect(() => column([large]).integers('n')).toThrow('too large');
  }
});

it('reads whole numbers of 32 bits', () => {
  const buffers = [new Uint8Array(), new Uint8Array(Int32Array.of(7, -7).buffer)];
  const batch = new ArrowBatch(2, new Map([['n', { type: 'int32' as const, length: 2, nulls: 0, buffers }]]));
  expect([...batch.integers('n')]).toEqual([7, -7]);
});

it('reads lists that are all empty, of which Arrow may leave the offsets out', () => {
  const child = {
    type: 'text' as const,
    length: 0,
    nulls: 0,
    buffers: [new Uint8Array(), new Uint8Array(), new Uint8Array()],
  };
  const list = {
    type: 'list' as const,
    length: 2,
    nulls: 0,
    buffers: [new Uint8Array(), new Uint8Array(12)],
    child,
  };
  const batch = new ArrowBatch(2, new Map([['empty', list]]));
  expect(batch.textLists('empty')).toEqual({ offsets: new Uint32Array(3), values: [] });
  expect(batch.numberLists('empty').values).toHaveLength(0);
});

it('reads a slice, wherever it lies in memory', () => {
  for (const shift of [0, 1, 4]) {
    const moved = new Uint8Array(bytes('slice').length + shift).subarray(shift);
    moved.set(bytes('slice'));
    const batch = read(moved);
    expect([...batch.numberLists('numbers').values]).toEqual([Number.NEGATIVE_INFINITY, 1.5e-7, 3]);
    expect(batch.textLists('texts').values).toEqual(['=é']);
  }
});

it('refuses what is cut off or belongs to another schema', () => {
  for (const missing of [8, 40]) {
    const cut = bytes('batch').subarray(0, bytes('batch').length - missing);
    expect(() => read(cut).textLists('texts')).toThrow('cut off');
  }
  expect(() => decodeRecordBatch(fields.slice(0, 3), bytes('batch'))).toThrow('another schema');
  expect(() => decodeRecordBatch([...fields, fields[0]!], bytes('batch'))).toThrow('another schema');
  expect(() => decodeSchema(bytes('batch'))).toThrow('unexpected Arrow message');
});
