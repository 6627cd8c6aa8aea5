import { DuckDBListValue, type DuckDBValue } from '@duckdb/node-api';
import type { FieldSchema } from './analyze-statement.js';
import { type FlatFields, type FlatValue, writeFlatBuffer } from './flat-writer.js';

/** Field and type numbers of Arrow's Message.fbs and Schema.fbs. */
const METADATA_V5 = 4;
const SCHEMA_HEADER = 1;
const BATCH_HEADER = 3;
const DOUBLE_PRECISION = 2;

const TYPES: Readonly<Record<string, { type: number; fields: FlatFields }>> = {
  INT64: { type: 2, fields: { 0: { int: 64 }, 1: { byte: 1 } } },
  FLOAT64: { type: 3, fields: { 0: { short: DOUBLE_PRECISION } } },
  STRING: { type: 5, fields: {} },
};
const LIST = 12;

/** The schema of a result in Arrow's IPC format. */
export function encodeSchema(fields: readonly FieldSchema[]): Uint8Array {
  const header = { 1: { tables: fields.map(schemaField) } };
  return message(SCHEMA_HEADER, header, []);
}

/** A column of a record batch, children after their parents: [length, nulls] and the buffers of each. */
export interface EncodedColumn {
  readonly nodes: readonly (readonly [number, number])[];
  readonly buffers: readonly Uint8Array[];
}

/** Columns as a record batch in Arrow's IPC format. */
export function encodeRecordBatch(rows: number, columns: readonly EncodedColumn[]): Uint8Array {
  const buffers = columns.flatMap((column) => column.buffers);
  const places: [number, number][] = [];
  let at = 0;
  for (const { length } of buffers) {
    places.push([at, length]);
    at += padded(length);
  }
  const header: FlatFields = {
    0: { long: rows },
    1: { longPairs: columns.flatMap((column) => column.nodes) },
    2: { longPairs: places },
  };
  return message(BATCH_HEADER, header, buffers);
}

/** A column of whole numbers without NULL. */
export function integerColumn(values: BigInt64Array): EncodedColumn {
  return { nodes: [[values.length, 0]], buffers: [new Uint8Array(), bytesOf(values)] };
}

/** A column of lists of doubles: row i has `values[offsets[i]] ... values[offsets[i + 1] - 1]`. */
export function doubleListColumn(offsets: Uint32Array, values: Float64Array): EncodedColumn {
  return {
    nodes: [
      [offsets.length - 1, 0],
      [values.length, 0],
    ],
    buffers: [new Uint8Array(), bytesOf(offsets), new Uint8Array(), bytesOf(values)],
  };
}

/** A column of any type. */
export function valuesColumn(field: FieldSchema, values: readonly DuckDBValue[]): EncodedColumn {
  if (field.mode !== 'REPEATED') return plainColumn(field.type, values);
  const lists = values.map((value) => (value instanceof DuckDBListValue ? value.items : []));
  const child = plainColumn(field.type, lists.flat());
  const offsets = offsetsOf(lists.map((list) => list.length));
  return {
    nodes: [[lists.length, 0], ...child.nodes],
    buffers: [new Uint8Array(), offsets, ...child.buffers],
  };
}

function schemaField({ name, type, mode }: FieldSchema): FlatFields {
  const known = TYPES[type];
  if (!known) throw new RangeError(`the fake BigQuery has no Arrow type for ${type}`);
  if (mode !== 'REPEATED') return arrowField(name, known.type, known.fields, []);
  const item = arrowField('item', known.type, known.fields, []);
  return arrowField(name, LIST, {}, [item]);
}

function arrowField(name: string, type: number, typeFields: FlatFields, children: FlatFields[]): FlatFields {
  const nullable: FlatValue = { byte: 1 };
  return {
    0: { text: name },
    1: nullable,
    2: { byte: type },
    3: { table: typeFields },
    5: { tables: children },
  };
}

function plainColumn(type: string, values: readonly DuckDBValue[]): EncodedColumn {
  const nulls = values.filter((value) => value === null).length;
  const validity = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, i) => {
    if (value !== null) validity[i >> 3]! |= 1 << (i & 7);
  });
  return { nodes: [[values.length, nulls]], buffers: [validity, ...valueBuffers(type, values)] };
}

function valueBuffers(type: string, values: readonly DuckDBValue[]): Uint8Array[] {
  if (type === 'STRING') {
    const texts = values.map((value) => new TextEncoder().encode(String(value ?? '')));
    return [offsetsOf(texts.map((text) => text.length)), Buffer.concat(texts)];
  }
  if (type === 'FLOAT64') return [bytesOf(Float64Array.from(values, (value) => Number(value ?? 0)))];
  return [bytesOf(BigInt64Array.from(values, (value) => BigInt((value ?? 0) as bigint)))];
}

function bytesOf(array: Float64Array | BigInt64Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function offsetsOf(lengths: readonly number[]): Uint8Array {
  const offsets = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => {
    offsets[i + 1] = offsets[i]! + length;
  });
  return new Uint8Array(offsets.buffer);
}

/** `0xffffffff`, length of the header, header, buffers on multiples of eight. */
function message(type: number, header: FlatFields, buffers: readonly Uint8Array[]): Uint8Array {
  const bodyLength = buffers.reduce((sum, { length }) => sum + padded(length), 0);
  const head = writeFlatBuffer({
    0: { short: METADATA_V5 },
    1: { byte: type },
    2: { table: header },
    3: { long: bodyLength },
  });
  const bytes = new Uint8Array(8 + head.length + bodyLength);
  const data = new DataView(bytes.buffer);
  data.setUint32(0, 0xffffffff, true);
  data.setInt32(4, head.length, true);
  bytes.set(head, 8);
  let at = 8 + head.length;
  for (const buffer of buffers) {
    bytes.set(buffer, at);
    at += padded(buffer.length);
  }
  return bytes;
}

function padded(length: number): number {
  return Math.ceil(length / 8) * 8;
}
