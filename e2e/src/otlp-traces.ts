import { BinaryReader, type WireType } from '@bufbuild/protobuf/wire';

/** A span as it came over the wire; ids in hexadecimal, times in nanoseconds since the epoch. */
export interface ReceivedSpan {
  service: string;
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentSpanId: string;
  name: string;
  start: bigint;
  end: bigint;
  attributes: Record<string, AttributeValue>;
  links: { traceId: string; spanId: string }[];
  /** 2 = error. */
  statusCode: number;
}

export type AttributeValue = string | number | boolean | bigint | null | readonly AttributeValue[];

/**
 * Spans of an ExportTraceServiceRequest (opentelemetry/proto/collector/trace/v1). Written by hand against
 * the field numbers of opentelemetry-proto 1.x, so that the test does not share code with the exporter.
 */
export function decodeTraces(bytes: Uint8Array): ReceivedSpan[] {
  const spans: ReceivedSpan[] = [];
  eachField(bytes, (field, reader) => {
    if (field !== 1) return false;
    spans.push(...decodeResourceSpans(reader.bytes()));
    return true;
  });
  return spans;
}

function decodeResourceSpans(bytes: Uint8Array): ReceivedSpan[] {
  const resource: Record<string, AttributeValue> = {};
  const spans: ReceivedSpan[] = [];
  eachField(bytes, (field, reader) => {
    if (field === 1) eachField(reader.bytes(), keyValueInto(resource, 1));
    else if (field === 2) spans.push(...decodeScopeSpans(reader.bytes()));
    else return false;
    return true;
  });
  return spans.map((span) => ({ ...span, service: String(resource['service.name'] ?? '') }));
}

function decodeScopeSpans(bytes: Uint8Array): ReceivedSpan[] {
  const spans: ReceivedSpan[] = [];
  eachField(bytes, (field, reader) => {
    if (field !== 2) return false;
    spans.push(decodeSpan(reader.bytes()));
    return true;
  });
  return spans;
}

function decodeSpan(bytes: Uint8Array): ReceivedSpan {
  const span: ReceivedSpan = {
    service: '',
    traceId: '',
    spanId: '',
    parentSpanId: '',
    name: '',
    start: 0n,
    end: 0n,
    attributes: {},
    links: [],
    statusCode: 0,
  };
  const attribute = keyValueInto(span.attributes, 9);
  eachField(bytes, (field, reader) => {
    if (field === 1) span.traceId = hex(reader.bytes());
    else if (field === 2) span.spanId = hex(reader.bytes());
    else if (field === 4) span.parentSpanId = hex(reader.bytes());
    else if (field === 5) span.name = reader.string();
    else if (field === 7) span.start = BigInt(reader.fixed64());
    else if (field === 8) span.end = BigInt(reader.fixed64());
    else if (field === 13) span.links.push(decodeLink(reader.bytes()));
    else if (field === 15) span.statusCode = decodeStatus(reader.bytes());
    else return attribute(field, reader);
    return true;
  });
  return span;
}

function decodeLink(bytes: Uint8Array): { traceId: string; spanId: string } {
  const link = { traceId: '', spanId: '' };
  eachField(bytes, (field, reader) => {
    if (field === 1) link.traceId = hex(reader.bytes());
    else if (field === 2) link.spanId = hex(reader.bytes());
    else return false;
    return true;
  });
  return link;
}

function decodeStatus(bytes: Uint8Array): number {
  let code = 0;
  eachField(bytes, (field, reader) => {
    if (field !== 3) return false;
    code = reader.int32();
    return true;
  });
  return code;
}

/** A field visitor that reads KeyValue messages in field `number` into `into`. */
function keyValueInto(into: Record<string, AttributeValue>, number: number): FieldVisitor {
  return (field, reader) => {
    if (field !== number) return false;
    let key = '';
    let value: AttributeValue = null;
    eachField(reader.bytes(), (inner, innerReader) => {
      if (inner === 1) key = innerReader.string();
      else if (inner === 2) value = decodeAnyValue(innerReader.bytes());
      else return false;
      return true;
    });
    into[key] = value;
    return true;
  };
}

function decodeAnyValue(bytes: Uint8Array): AttributeValue {
  let value: AttributeValue = null;
  eachField(bytes, (field, reader) => {
    if (field === 1) value = reader.string();
    else if (field === 2) value = reader.bool();
    else if (field === 3) value = Number(reader.int64());
    else if (field === 4) value = reader.double();
    else if (field === 5) value = decodeArray(reader.bytes());
    else return false;
    return true;
  });
  return value;
}

function decodeArray(bytes: Uint8Array): AttributeValue[] {
  const values: AttributeValue[] = [];
  eachField(bytes, (field, reader) => {
    if (field !== 1) return false;
    values.push(decodeAnyValue(reader.bytes()));
    return true;
  });
  return values;
}

/** Reads the field and returns true, or returns false to have it skipped. */
type FieldVisitor = (field: number, reader: BinaryReader) => boolean;

function eachField(bytes: Uint8Array, visit: FieldVisitor): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!visit(field, reader)) reader.skip(wireType as WireType, field);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
