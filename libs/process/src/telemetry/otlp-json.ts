import { OnescanError } from '@onescan/contract/onescan-error.js';
import { z } from 'zod';

/** Spans that one message may bring, and bytes of it. */
export const MOST_SPANS_A_MESSAGE = 2_000;
export const MOST_SPANS_BYTES = 1024 * 1024;

const TEXT = z.string().max(8_192);
const NAME = z.string().max(256);
const TRACE_ID = z.string().regex(/^[0-9a-f]{32}$/);
const SPAN_ID = z.string().regex(/^[0-9a-f]{16}$/);
const NANOS = z.union([z.string().regex(/^\d{1,20}$/), z.int().nonnegative()]).transform(String);
const COUNT = z.int().nonnegative();

const SCALAR = {
  stringValue: TEXT.optional(),
  boolValue: z.boolean().optional(),
  intValue: z.union([z.string().regex(/^-?\d{1,20}$/), z.int()]).optional(),
  doubleValue: z.number().optional(),
};
const VALUE = z.object({
  ...SCALAR,
  arrayValue: z.object({ values: z.array(z.object(SCALAR)).max(128) }).optional(),
});
const ATTRIBUTES = z.array(z.object({ key: NAME, value: VALUE })).max(128);

const SPAN = z.object({
  traceId: TRACE_ID,
  spanId: SPAN_ID,
  parentSpanId: SPAN_ID.optional(),
  name: NAME,
  kind: z.int().min(0).max(5),
  startTimeUnixNano: NANOS,
  endTimeUnixNano: NANOS,
  attributes: ATTRIBUTES.default([]),
  droppedAttributesCount: COUNT.default(0),
  events: z
    .array(z.object({ name: NAME, timeUnixNano: NANOS, attributes: ATTRIBUTES.default([]) }))
    .max(128)
    .default([]),
  links: z
    .array(z.object({ traceId: TRACE_ID, spanId: SPAN_ID, attributes: ATTRIBUTES.default([]) }))
    .max(128)
    .default([]),
  status: z.object({ code: z.int().min(0).max(2).optional(), message: TEXT.optional() }).default({}),
});

const TRACES = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes: ATTRIBUTES.default([]) }),
        scopeSpans: z
          .array(
            z.object({
              scope: z.object({ name: NAME.optional(), version: NAME.optional() }).optional(),
              spans: z.array(SPAN).max(MOST_SPANS_A_MESSAGE),
            }),
          )
          .max(64),
      }),
    )
    .max(64),
});

/** Spans with their resources, as OTLP writes them in JSON: ids in hexadecimal, times in nanoseconds as text. */
export type OtlpTraces = z.infer<typeof TRACES>;
export type OtlpSpan = z.infer<typeof SPAN>;

/**
 * Spans that another process sent or a file holds, with the fields that are known and nothing else.
 *
 * @param traceId spans of other traces are refused; undefined: any may be among them
 * @throws OnescanError INVALID_ARGUMENT naming what is wrong
 */
export function readOtlpJson(bytes: Uint8Array, traceId?: string): OtlpTraces {
  if (bytes.length > MOST_SPANS_BYTES)
    throw wrong(`they take ${bytes.length} bytes, at most ${MOST_SPANS_BYTES}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw wrong('they are no JSON');
  }
  const { success, data, error } = TRACES.safeParse(parsed);
  if (!success) throw wrong(`${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}`);
  const spans = spansOf(data);
  if (spans.length > MOST_SPANS_A_MESSAGE) throw wrong(`there are ${spans.length} of them`);
  if (traceId !== undefined && spans.some((span) => span.traceId !== traceId))
    throw wrong('they are of another trace');
  return data;
}

/** All spans, whichever resource they are of. */
export function spansOf({ resourceSpans }: OtlpTraces): OtlpSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

/** The value of an attribute as text or number; undefined when it is not there. */
export function attributeOf(
  { attributes }: Pick<OtlpSpan, 'attributes'>,
  key: string,
): string | number | boolean | undefined {
  const value = attributes.find((attribute) => attribute.key === key)?.value;
  if (value?.intValue !== undefined) return Number(value.intValue);
  return value?.stringValue ?? value?.doubleValue ?? value?.boolValue;
}

function wrong(what: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `these are no spans: ${what.slice(0, 500)}`);
}
