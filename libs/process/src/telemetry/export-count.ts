import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { LOSSES } from './losses.js';

type ExportResult = Parameters<Parameters<SpanExporter['export']>[1]>[0];

/** An export that takes longer than this is not being answered, in milliseconds. */
const SLOW_EXPORT_MS = 1_000;

/** Longest reason that is told. */
const MOST_REASON = 200;

/**
 * Counts the spans that are to be sent and those that a collector took, and tells of those that it did not: once when the
 * first are lost, and once at the end with all of them.
 */
export class ExportCount implements SpanProcessor {
  readonly #onLost: (dropped: number, reason: string) => void;
  readonly #queue: number;
  readonly #onHanded: (spans: readonly ReadableSpan[]) => void;
  #given = 0;
  #handed = 0;
  #taken = 0;
  #lost = 0;
  /** Spans that found the processor's queue full. */
  #overflown = 0;
  #isLastTaken = false;
  #reason = 'not answered in time';
  #told = 0;
  /** Since when spans wait of which nothing was heard. */
  #waitsSince = Number.POSITIVE_INFINITY;

  /**
   * @param queue spans that wait at most; whoever comes then is dropped by the processor
   * @param onHanded told of spans that are on the wire: what is written to a socket arrives, whatever becomes of the process
   */
  constructor(
    onLost: (dropped: number, reason: string) => void,
    {
      queue = 2_048,
      onHanded = () => undefined,
    }: { queue?: number | undefined; onHanded?: (spans: readonly ReadableSpan[]) => void } = {},
  ) {
    this.#onLost = onLost;
    this.#queue = queue;
    this.#onHanded = onHanded;
  }

  /** True when the last export succeeded and none has been waiting long since. */
  get isDelivering(): boolean {
    return this.#isLastTaken && performance.now() - this.#waitsSince < 2 * SLOW_EXPORT_MS;
  }

  /** The same exporter, with what becomes of each batch counted. */
  counted(exporter: SpanExporter): SpanExporter {
    const { forceFlush } = exporter;
    return {
      export: (spans, done) => {
        this.#handed += spans.length;
        exporter.export(spans, (result) => {
          this.#processed(spans.length, result);
          done(result);
        });
        this.#onHanded(spans);
      },
      shutdown: () => exporter.shutdown(),
      ...(forceFlush ? { forceFlush: () => forceFlush.call(exporter) } : {}),
    };
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    this.#given++;
    this.#waitsSince = Math.min(this.#waitsSince, performance.now());
    // A queue is only full when all that it takes is in it, so this is their number, not a guess.
    const beyond = this.#given - this.#handed - this.#queue;
    if (beyond <= this.#overflown) return;
    LOSSES.collector += beyond - this.#overflown;
    this.#overflown = beyond;
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}

  /** The process ends: what has not been taken is lost. */
  end(): void {
    const lost = this.#given - this.#taken;
    if (lost > this.#told) this.#onLost(lost, this.#reason);
  }

  #processed(count: number, { error }: ExportResult): void {
    this.#isLastTaken = error === undefined;
    this.#waitsSince = Number.POSITIVE_INFINITY;
    if (error === undefined) {
      this.#taken += count;
      return;
    }
    this.#lost += count;
    LOSSES.collector += count;
    this.#reason = (error.message || error.name).slice(0, MOST_REASON);
    if (this.#told > 0) return;
    this.#told = this.#lost;
    this.#onLost(this.#lost, this.#reason);
  }
}
