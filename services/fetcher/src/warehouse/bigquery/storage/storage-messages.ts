import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/**
 * The few fields of google.cloud.bigquery.storage.v1 that reading needs, kept by hand: Google's client for it
 * brings dozens of packages. Numbers are those of storage.proto, stream.proto and arrow.proto.
 */
export const READ_SERVICE = 'google.cloud.bigquery.storage.v1.BigQueryRead';

const ARROW = 2;

export interface CreateReadSessionRequest {
  /** "projects/P" that pays. */
  parent: string;
  /** "projects/P/datasets/D/tables/T". */
  table: string;
  maxStreamCount: number;
}

export interface ReadSession {
  /** Arrow's IPC format. */
  schema: Uint8Array;
  streams: string[];
}

export interface ReadRowsRequest {
  stream: string;
  /** Rows of the stream that were received before. */
  offset: number;
}

export interface ReadRowsResponse {
  /** Arrow's IPC format. */
  recordBatch: Uint8Array;
  rowCount: number;
}

export function encodeCreateReadSession(request: CreateReadSessionRequest): Buffer {
  const session = new BinaryWriter().uint32(tag(3, 0)).int32(ARROW).uint32(tag(6, 2)).string(request.table);
  const writer = new BinaryWriter()
    .uint32(tag(1, 2))
    .string(request.parent)
    .uint32(tag(2, 2))
    .bytes(session.finish())
    .uint32(tag(3, 0))
    .int32(request.maxStreamCount);
  return Buffer.from(writer.finish());
}

export function decodeCreateReadSession(bytes: Uint8Array): CreateReadSessionRequest {
  const request = { parent: '', table: '', maxStreamCount: 0 };
  readFields(bytes, {
    1: (reader) => {
      request.parent = reader.string();
    },
    2: (reader) =>
      readFields(reader.bytes(), {
        6: (inner) => {
          request.table = inner.string();
        },
      }),
    3: (reader) => {
      request.maxStreamCount = reader.int32();
    },
  });
  return request;
}

export function encodeReadSession(session: ReadSession): Buffer {
  const schema = new BinaryWriter().uint32(tag(1, 2)).bytes(session.schema).finish();
  const writer = new BinaryWriter().uint32(tag(5, 2)).bytes(schema);
  for (const name of session.streams) {
    writer.uint32(tag(10, 2)).bytes(new BinaryWriter().uint32(tag(1, 2)).string(name).finish());
  }
  return Buffer.from(writer.finish());
}

export function decodeReadSession(bytes: Uint8Array): ReadSession {
  const session: ReadSession = { schema: new Uint8Array(), streams: [] };
  readFields(bytes, {
    5: (reader) => {
      session.schema = onlyBytes(reader.bytes());
    },
    10: (reader) =>
      readFields(reader.bytes(), {
        1: (inner) => {
          session.streams.push(inner.string());
        },
      }),
  });
  return session;
}

export function encodeReadRows({ stream, offset }: ReadRowsRequest): Buffer {
  return Buffer.from(
    new BinaryWriter().uint32(tag(1, 2)).string(stream).uint32(tag(2, 0)).int64(offset).finish(),
  );
}

export function decodeReadRows(bytes: Uint8Array): ReadRowsRequest {
  const request = { stream: '', offset: 0 };
  readFields(bytes, {
    1: (reader) => {
      request.stream = reader.string();
    },
    2: (reader) => {
      request.offset = Number(reader.int64());
    },
  });
  return request;
}

export function encodeReadRowsResponse({ recordBatch, rowCount }: ReadRowsResponse): Buffer {
  const batch = new BinaryWriter().uint32(tag(1, 2)).bytes(recordBatch).finish();
  return Buffer.from(
    new BinaryWriter().uint32(tag(4, 2)).bytes(batch).uint32(tag(6, 0)).int64(rowCount).finish(),
  );
}

export function decodeReadRowsResponse(bytes: Uint8Array): ReadRowsResponse {
  const response: ReadRowsResponse = { recordBatch: new Uint8Array(), rowCount: 0 };
  readFields(bytes, {
    4: (reader) => {
      response.recordBatch = onlyBytes(reader.bytes());
    },
    6: (reader) => {
      response.rowCount = Number(reader.int64());
    },
  });
  return response;
}

/** The bytes of field 1 of a message. */
function onlyBytes(message: Uint8Array): Uint8Array {
  let found = new Uint8Array();
  readFields(message, {
    1: (reader) => {
      found = reader.bytes() as typeof found;
    },
  });
  return found;
}

function readFields(
  bytes: Uint8Array,
  fields: Readonly<Record<number, (reader: BinaryReader) => void>>,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const read = fields[field];
    if (read) read(reader);
    else reader.skip(wireType);
  }
}

function tag(field: number, wireType: number): number {
  return (field << 3) | wireType;
}
