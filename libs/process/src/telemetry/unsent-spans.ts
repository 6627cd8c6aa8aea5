import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { requireNoLink } from '@onescan/dataset/no-links.js';
import {
  type Attributes,
  type AttributeValue,
  type HrTime,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { type OtlpSpan, readOtlpJson, spansOf } from './otlp-json.js';
import { spanIds } from './span-ids.js';
import { tracer } from './tracing.js';

/** Spans that are written down; a collector that takes none for longer loses the rest with a crash. */
const MOST_SPANS = 2_000;

const NS_PER_S = 1_000_000_000n;

/**
 * Writes down the spans of this process that have ended until they are sent: what a kill finds waiting, the next process
 * sends. Without it the children of a span that had just ended, sent before it or by others, would be left without it.
 */
export class UnsentSpans implements SpanProcessor {
  #path: string | undefined;
  #isSending = false;
  #isRepeating = false;
  readonly #waiting = new Map<string, string>();

  /** True while spans of an earlier process are sent. */
  get isRepeating(): boolean {
    return this.#isRepeating;
  }

  /** Spans are sent by this process, so that some may wait. */
  sending(): void {
    this.#isSending = true;
  }

  /** Writes into a file from now on, and sends what the process before left in it; does nothing where nothing is sent. */
  keepIn(path: string): void {
    if (!this.#isSending) return;
    requireNoLink(path);
    const left = readLines(path);
    this.#path = path;
    this.#rewrite();
    this.#isRepeating = true;
    try {
      for (const span of left) repeat(span);
    } finally {
      this.#isRepeating = false;
    }
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#path === undefined || this.#waiting.size >= MOST_SPANS) return;
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    const document = JsonTraceSerializer.serializeRequest([span]);
    if (!document) return;
    const line = `${Buffer.from(document).toString()}\n`;
    this.#waiting.set(keyOf(span), line);
    this.#try((path) => appendFileSync(path, line, { mode: 0o600 }));
  }

  /** These are on the wire. Were they kept until the collector has answered, a kill before its answer would double them. */
  handed(spans: readonly ReadableSpan[]): void {
    if (this.#path === undefined) return;
    for (const span of spans) this.#waiting.delete(keyOf(span));
    this.#rewrite();
  }

  async forceFlush(): Promise<void> {}

  /** What is not sent by an orderly end is told as lost. */
  async shutdown(): Promise<void> {
    this.#waiting.clear();
    this.#rewrite();
    this.#path = undefined;
  }

  #rewrite(): void {
    this.#try((path) => {
      writeFileSync(`${path}.new`, [...this.#waiting.values()].join(''), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    });
  }

  /** Spans are no reason to fail: without room for them a crash loses some. */
  #try(write: (path: string) => void): void {
    if (this.#path === undefined) return;
    try {
      write(this.#path);
    } catch {
      this.#path = undefined;
    }
  }
}

/** Those of this process; only a service that has a folder of its own gives them a file. */
export const unsentSpans = new UnsentSpans();

function keyOf(span: ReadableSpan): string {
  const { traceId, spanId } = span.spanContext();
  return `${traceId} ${spanId}`;
}

/** The spans of a file; of one that is damaged what can be read: a line may be half written. */
function readLines(path: string): OtlpSpan[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : spansOf(readOtlpJson(Buffer.from(line)));
    } catch {
      return [];
    }
  });
}

/** Makes a span again under its own id, with all that it said. */
function repeat(written: OtlpSpan): void {
  const { traceId, spanId, parentSpanId, name, kind, attributes, links, events, status } = written;
  const parent =
    parentSpanId === undefined || parentSpanId === ''
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, contextOf({ traceId, spanId: parentSpanId }));
  const options = {
    // OTLP counts from 1.
    kind: kind > 0 ? ((kind - 1) as SpanKind) : SpanKind.INTERNAL,
    startTime: timeOf(written.startTimeUnixNano),
    attributes: attributesOf(attributes),
    links: links.map((link) => ({ context: contextOf(link), attributes: attributesOf(link.attributes) })),
  };
  const span = spanIds.as({ traceId, spanId }, () => tracer().startSpan(name, options, parent));
  for (const event of events)
    span.addEvent(event.name, attributesOf(event.attributes), timeOf(event.timeUnixNano));
  if (status.code)
    span.setStatus({ code: status.code, ...(status.message ? { message: status.message } : {}) });
  span.end(timeOf(written.endTimeUnixNano));
}

function contextOf({ traceId, spanId }: { traceId: string; spanId: string }): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function timeOf(nanos: string): HrTime {
  return [Number(BigInt(nanos) / NS_PER_S), Number(BigInt(nanos) % NS_PER_S)];
}

function attributesOf(written: OtlpSpan['attributes']): Attributes {
  const read = (value: OtlpSpan['attributes'][number]['value']): AttributeValue | undefined =>
    value.stringValue ??
    value.boolValue ??
    value.doubleValue ??
    (value.intValue === undefined ? undefined : Number(value.intValue));
  return Object.fromEntries(
    written.map(({ key, value }) => [
      key,
      value.arrayValue ? (value.arrayValue.values.map(read) as string[]) : read(value),
    ]),
  );
}
