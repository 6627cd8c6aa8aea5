import { SeededChoice } from '../faults/seeded-choice.js';

/** What BigQuery sends sometimes and no client may need, by the names of fields that hold objects; "" is the root. */
const OPTIONAL: Readonly<Record<string, readonly string[]>> = {
  '': ['etag', 'selfLink', 'id', 'user_email', 'cacheHit', 'location'],
  configuration: ['jobType', 'labels', 'jobTimeoutMs'],
  'configuration.query': ['createDisposition', 'writeDisposition', 'priority', 'useLegacySql'],
  jobReference: ['location'],
  statistics: ['totalSlotMs', 'startTime'],
  'statistics.query': ['cacheHit', 'statementType', 'totalSlotMs', 'totalBytesProcessedAccuracy'],
  'schema.fields[]': ['mode'],
  status: ['errors'],
  'status.errorResult': ['location'],
  error: ['status'],
  'error.errors[]': ['domain', 'location', 'locationType'],
};

/** Fields whose content is as it is: rows are many, and labels are the client's. */
const UNTOUCHED = new Set(['rows', 'labels']);

const LEFT_OUT = 0.5;
const UNKNOWN_FIELD = 0.3;
const UNFINISHED = 0.3;
const EMPTY_PAGE = 0.15;
const MIN_PAGE_BYTES = 2000;

/**
 * Changes answers in ways in which BigQuery's own differ: fields that may be missing are, others that nobody knows come
 * along, keys have another order, jobs and results are unfinished when they are first asked for, pages have odd sizes or
 * no rows. What an answer says stays the same. Deterministic for a seed and an order of requests.
 */
export class AnswerVariation {
  readonly #choice: SeededChoice;
  readonly #asked = new Set<string>();

  constructor(readonly seed: number) {
    this.#choice = new SeededChoice(seed);
  }

  vary(body: object): object {
    return this.#object(body, '') as object;
  }

  /** True sometimes, the first time that something is asked for. */
  isUnfinished(what: string): boolean {
    return this.#first(what, UNFINISHED);
  }

  /** What was told as finished is never unfinished again. */
  finished(what: string): void {
    this.#asked.add(what);
  }

  /** True sometimes, the first time that a page is asked for. */
  isEmpty(page: string): boolean {
    return this.#first(page, EMPTY_PAGE);
  }

  pageBytes(most: number): number {
    return this.#choice.between(Math.min(MIN_PAGE_BYTES, most), most);
  }

  #first(what: string, share: number): boolean {
    if (this.#asked.has(what)) return false;
    this.#asked.add(what);
    return this.#choice.next() < share;
  }

  #value(value: unknown, path: string): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#value(item, `${path}[]`));
    return typeof value === 'object' && value !== null ? this.#object(value, path) : value;
  }

  #object(value: object, path: string): object {
    const left = Object.entries(value).filter(
      ([name]) => !(OPTIONAL[path]?.includes(name) && this.#choice.next() < LEFT_OUT),
    );
    const fields = left.map(([name, field]): [string, unknown] => [
      name,
      UNTOUCHED.has(name) ? field : this.#value(field, path === '' ? name : `${path}.${name}`),
    ]);
    if (this.#choice.next() < UNKNOWN_FIELD) fields.push(['fieldOfTheFuture', { v: [null, 1, 'x'] }]);
    return Object.fromEntries(this.#shuffled(fields));
  }

  #shuffled<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.#choice.between(0, i);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}
