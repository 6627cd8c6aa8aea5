import type { Attributes } from '@opentelemetry/api';
import type { SpanIdentity } from '../telemetry/span-ids.js';

/** A measurement that stands for those of its bucket, with where it was made. */
export interface Exemplar extends SpanIdentity {
  readonly value: number;
  /** Seconds since the epoch. */
  readonly at: number;
}

/**
 * The latest traced measurement of each bucket of each series of histograms: from a slow bucket to the trace that made it
 * so. The SDK of OpenTelemetry keeps none. As many as there are buckets, so their number is bounded where that of the
 * series is.
 */
export class Exemplars {
  readonly #latest = new Map<string, (Exemplar | undefined)[]>();

  /** @param bounds upper bounds of the histogram's buckets, ascending */
  note(
    series: { readonly name: string; readonly attributes: Attributes },
    { bounds, value, span }: { bounds: readonly number[]; value: number; span: SpanIdentity },
  ): void {
    const key = keyOf(series);
    const kept = this.#latest.get(key) ?? [];
    this.#latest.set(key, kept);
    const beyond = bounds.findIndex((bound) => value <= bound);
    const { traceId, spanId } = span;
    kept[beyond < 0 ? bounds.length : beyond] = { traceId, spanId, value, at: Date.now() / 1_000 };
  }

  /** Of the `bucket`th bucket of a series; undefined where nothing traced fell into it. */
  of(name: string, attributes: Attributes, bucket: number): Exemplar | undefined {
    return this.#latest.get(keyOf({ name, attributes }))?.[bucket];
  }
}

function keyOf({ name, attributes }: { readonly name: string; readonly attributes: Attributes }): string {
  const pairs = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, pairs]);
}
