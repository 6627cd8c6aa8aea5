import {
  type Attributes,
  type Counter,
  createNoopMeter,
  type Meter,
  type MeterProvider,
  TraceFlags,
} from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-node';

/** What the SDK counts spans by that an exporter has done with, successful or not. */
const PROCESSED = 'otel.sdk.processor.span.processed';

/** An export that takes longer than this is not being answered, in milliseconds. */
const SLOW_EXPORT_MS = 1_000;

/**
 * Counts the spans that are to be sent and those that were, by the SDK's own figures, and tells of those that were
 * not: once when the first are lost, and once at the end with all of them.
 */
export class ExportCount implements SpanProcessor {
  readonly #onLost: (dropped: number, reason: string) => void;
  #given = 0;
  #taken = 0;
  #lost = 0;
  #isLastTaken = false;
  #reason = 'not answered in time';
  #told = 0;
  /** Since when spans wait of which nothing was heard. */
  #waitsSince = Number.POSITIVE_INFINITY;

  constructor(onLost: (dropped: number, reason: string) => void) {
    this.#onLost = onLost;
  }

  /** True when the last export succeeded and none has been waiting long since. */
  get isDelivering(): boolean {
    return this.#isLastTaken && performance.now() - this.#waitsSince < 2 * SLOW_EXPORT_MS;
  }

  /** Where the SDK's processors count; of all its figures one is looked at. */
  get meterProvider(): MeterProvider {
    const noop = createNoopMeter();
    const meter: Meter = Object.create(noop, {
      createCounter: {
        value: (name: string, options: object): Counter =>
          name === PROCESSED
            ? { add: (n, attributes) => this.#processed(n, attributes) }
            : noop.createCounter(name, options),
      },
    });
    return { getMeter: () => meter };
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    this.#given++;
    this.#waitsSince = Math.min(this.#waitsSince, performance.now());
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}

  /** The process ends: what has not been taken is lost. */
  end(): void {
    const lost = this.#given - this.#taken;
    if (lost > this.#told) this.#onLost(lost, this.#reason);
  }

  #processed(count: number, attributes: Attributes = {}): void {
    const error = attributes['error.type'];
    this.#isLastTaken = error === undefined;
    this.#waitsSince = Number.POSITIVE_INFINITY;
    if (error === undefined) {
      this.#taken += count;
      return;
    }
    this.#lost += count;
    this.#reason = String(error);
    if (this.#told > 0) return;
    this.#told = this.#lost;
    this.#onLost(this.#lost, this.#reason);
  }
}
