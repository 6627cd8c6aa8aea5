import {
  type Attributes,
  type Counter,
  type Histogram,
  isSpanContextValid,
  type Meter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { SpanIdentity } from '../telemetry/span-ids.js';
import type { Exemplars } from './exemplars.js';
import type { MetricRow, MetricTable } from './metric-table.js';

/** A value with its attributes. */
export type Reading = readonly [value: number, attributes?: Attributes];

/** Instruments by the names of a table; each is made when it is first used. */
export class Instruments<Table extends MetricTable = MetricTable> {
  readonly #meter: Meter;
  readonly #table: Table;
  readonly #exemplars: Exemplars | undefined;
  readonly #made = new Map<string, Counter | Histogram>();

  /** @param exemplars where traced measurements of histograms are noted; absent: nowhere */
  constructor(meter: Meter, table: Table, exemplars?: Exemplars) {
    this.#meter = meter;
    this.#table = table;
    this.#exemplars = exemplars;
  }

  /** Adds to a counter; a correction downwards is none of a counter. */
  add(name: keyof Table & string, value: number, attributes: Attributes = {}): void {
    if (value > 0) (this.#instrument(name) as Counter).add(value, attributes);
  }

  /**
   * Records a measurement of a histogram.
   *
   * @param span whose measurement it is, default: the one that is active; undefined for none
   */
  record(
    name: keyof Table & string,
    value: number,
    attributes: Attributes = {},
    span: SpanIdentity | undefined = activeSpan(),
  ): void {
    const measured = Math.max(0, value);
    (this.#instrument(name) as Histogram).record(measured, attributes);
    if (!span) return;
    const { buckets: bounds = [] } = this.#row(name);
    this.#exemplars?.note({ name, attributes }, { bounds, value: measured, span });
  }

  /** True for attributes that the table has: what peers name is not believed. */
  has(name: keyof Table & string, attributes: Readonly<Record<string, string>>): boolean {
    const known = this.#row(name).attributes ?? {};
    return Object.entries(attributes).every(([key, value]) => known[key]?.includes(value));
  }

  /** `read` gives what a gauge, or a counter that somebody else counts, is at each time that somebody looks. */
  observe(name: keyof Table & string, read: () => Iterable<Reading>): void {
    const terms = this.#terms(name);
    const isCounter = this.#row(name).kind === 'counter';
    const observed = isCounter
      ? this.#meter.createObservableCounter(name, terms)
      : this.#meter.createObservableGauge(name, terms);
    observed.addCallback((result) => {
      for (const [value, attributes] of read()) result.observe(value, attributes);
    });
  }

  #instrument(name: string): Counter | Histogram {
    const known = this.#made.get(name);
    if (known) return known;
    const { kind, buckets = [] } = this.#row(name);
    const terms = this.#terms(name);
    const made =
      kind === 'counter'
        ? this.#meter.createCounter(name, terms)
        : this.#meter.createHistogram(name, { ...terms, advice: { explicitBucketBoundaries: [...buckets] } });
    this.#made.set(name, made);
    return made;
  }

  #row(name: string): MetricRow {
    return this.#table[name]!;
  }

  #terms(name: string): { unit: string; description: string } {
    const { unit, doc } = this.#row(name);
    return { unit, description: doc };
  }
}

function activeSpan(): SpanIdentity | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (!span || !isSpanContextValid(span) || (span.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  return span;
}
