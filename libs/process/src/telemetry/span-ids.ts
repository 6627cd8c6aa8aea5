import { type IdGenerator, RandomIdGenerator } from '@opentelemetry/sdk-trace-node';

/** Identity of a span, in hexadecimal. */
export interface SpanIdentity {
  traceId: string;
  spanId: string;
}

/**
 * Random ids, except for a span that must have a given identity: one that a process began and could not end,
 * and that another process goes on with.
 */
class SpanIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #given: SpanIdentity | undefined;

  generateTraceId = (): string => this.#given?.traceId ?? this.#random.generateTraceId();

  generateSpanId = (): string => this.#given?.spanId ?? this.#random.generateSpanId();

  /** Spans begun within `begin`, which must be one, get the identity. */
  as<T>(identity: SpanIdentity, begin: () => T): T {
    this.#given = identity;
    try {
      return begin();
    } finally {
      this.#given = undefined;
    }
  }
}

/** The ids of this process's spans; given to its tracer provider. */
export const spanIds = new SpanIds();

/** Identity in a W3C traceparent; undefined when it is empty or malformed. */
export function identityOf(traceparent: string): SpanIdentity | undefined {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent);
  return match ? { traceId: match[1]!, spanId: match[2]! } : undefined;
}
