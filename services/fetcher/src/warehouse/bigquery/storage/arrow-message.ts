import { OnescanError } from '@onescan/contract/onescan-error.js';
import { FlatTable } from './flat-table.js';

/** Field numbers of Arrow's Message.fbs and Schema.fbs (arrow.apache.org/docs/format). */
const MESSAGE = { headerType: 1, header: 2 } as const;
const SCHEMA = { fields: 1 } as const;
const FIELD = { name: 0, typeType: 2, type: 3, children: 5 } as const;
const INT = { bitWidth: 0, isSigned: 1 } as const;
const FLOATING_POINT = { precision: 0 } as const;
const DOUBLE_PRECISION = 2;
const BATCH = { length: 0, nodes: 1, buffers: 2, compression: 3 } as const;
const HEADER = { schema: 1, recordBatch: 3 } as const;

/** Numbers of Arrow's types. */
const TYPES = { int: 2, floatingPoint: 3, utf8: 5, list: 12 } as const;
/** Buffers of a column of a type: validity first, then offsets, then values. */
const BUFFERS: Readonly<Record<ArrowType, number>> = {
  int: 2,
  int32: 2,
  double: 2,
  text: 3,
  list: 2,
};

/** The types that statements return: INT64 (an emulator sends some as int32), FLOAT64, STRING, arrays of these. */
export type ArrowType = 'int' | 'int32' | 'double' | 'text' | 'list';

export interface ArrowField {
  readonly name: string;
  readonly type: ArrowType;
  /** What lists hold. */
  readonly child?: ArrowField;
}

/** A column of a record batch: its buffers are views of the message. */
export interface ArrowColumn {
  readonly type: ArrowType;
  readonly length: number;
  readonly nulls: number;
  readonly buffers: readonly Uint8Array[];
  readonly child?: ArrowColumn;
}

const CONTINUATION = 0xffffffff;

/** Fields of a schema in Arrow's IPC format. Throws for types that statements do not return. */
export function decodeSchema(message: Uint8Array): ArrowField[] {
  const { header } = openMessage(message, HEADER.schema);
  return header.tables(SCHEMA.fields).map(decodeField);
}

/** Columns of a record batch in Arrow's IPC format, by name. Nothing is copied. */
export function decodeRecordBatch(
  fields: readonly ArrowField[],
  message: Uint8Array,
): { rows: number; columns: Map<string, ArrowColumn> } {
  const { header, body } = openMessage(message, HEADER.recordBatch);
  if (header.has(BATCH.compression)) throw unreadable('a compressed record batch');
  const nodes = header.longPairs(BATCH.nodes);
  const buffers = header
    .longPairs(BATCH.buffers)
    .map(([offset, length]) => body.subarray(offset, offset + length));
  const take = (field: ArrowField): ArrowColumn => {
    const node = nodes.shift();
    const own = buffers.splice(0, BUFFERS[field.type]);
    if (!node || own.length < BUFFERS[field.type]) throw unreadable('a record batch of another schema');
    const column = { type: field.type, length: node[0], nulls: node[1], buffers: own };
    return field.child ? { ...column, child: take(field.child) } : column;
  };
  const columns = new Map(fields.map((field) => [field.name, take(field)]));
  if (nodes.length > 0 || buffers.length > 0) throw unreadable('a record batch of another schema');
  return { rows: header.long(BATCH.length), columns };
}

/** `0xffffffff`, length of the header, header, body; before Arrow 0.15 without the first. */
function openMessage(message: Uint8Array, type: number): { header: FlatTable; body: Uint8Array } {
  const data = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const at = data.getUint32(0, true) === CONTINUATION ? 4 : 0;
  const start = at + 4;
  const end = start + data.getInt32(at, true);
  const root = FlatTable.root(message.subarray(start, end));
  const header = root.table(MESSAGE.header);
  if (root.byte(MESSAGE.headerType) !== type || !header) throw unreadable('an unexpected Arrow message');
  return { header, body: message.subarray(end) };
}

function decodeField(field: FlatTable): ArrowField {
  const name = field.text(FIELD.name);
  const type = typeOf(field);
  if (!type) throw unreadable(`column ${name} of Arrow type ${field.byte(FIELD.typeType)}`);
  if (type !== 'list') return { name, type };
  const [child] = field.tables(FIELD.children);
  if (!child) throw unreadable(`list ${name} without a child`);
  return { name, type, child: decodeField(child) };
}

function typeOf(field: FlatTable): ArrowType | undefined {
  const details = field.table(FIELD.type);
  switch (field.byte(FIELD.typeType)) {
    case TYPES.int: {
      const width = details?.byte(INT.isSigned) === 1 ? details.int(INT.bitWidth) : 0;
      return width === 64 ? 'int' : width === 32 ? 'int32' : undefined;
    }
    case TYPES.floatingPoint:
      return details?.byte(FLOATING_POINT.precision) === DOUBLE_PRECISION ? 'double' : undefined;
    case TYPES.utf8:
      return 'text';
    case TYPES.list:
      return 'list';
    default:
      return undefined;
  }
}

function unreadable(what: string): OnescanError {
  return new OnescanError('DATA_LOSS', `BigQuery: the Storage Read API sent ${what}`);
}
