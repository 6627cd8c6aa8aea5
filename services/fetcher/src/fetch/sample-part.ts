import { OnescanError } from '@onescan/contract/onescan-error.js';
import { tableText } from '../catalogue/catalogue.js';
import { requireIdentity } from '../planning/require-identity.js';
import { bringsOwnPast, type FetchQuery, overlapHorizons, samplePartWidth } from '../sql/fetch-query.js';
import type { Lists } from '../warehouse/warehouse.js';
import type { RowRange } from './part-order.js';
import { RowSet } from './row-set.js';

interface HorizonValues {
  horizon: number;
  values: Float64Array;
}

const MICROS_PER_MILLI = 1000;

/** How many rows a sample holds: known exactly for one source of keys. */
export interface RowBounds {
  readonly atLeast: number;
  readonly atMost: number;
}

/** The sample itself as it arrives: keys and, when the statement has targets, bars, persistence, targets and known parts by row. */
export class SamplePart {
  #keys: BigInt64Array;
  readonly bar: Int32Array;
  readonly persistence: Float64Array;
  readonly targets: HorizonValues[];
  readonly knownParts: HorizonValues[];
  /** bqx_W of the past by the closes; empty where they are not read. */
  readonly #ownPast: Float64Array;
  readonly #seen: RowSet;

  constructor(
    private readonly query: FetchQuery,
    private readonly rows: RowBounds,
  ) {
    const count = query.targets ? rows.atMost : 0;
    this.#keys = new BigInt64Array(rows.atMost);
    this.bar = new Int32Array(count);
    this.persistence = new Float64Array(count);
    this.#seen = new RowSet(rows.atMost);
    this.#ownPast = new Float64Array(bringsOwnPast(query) ? count : 0);
    const empty = (horizon: number): HorizonValues => ({ horizon, values: new Float64Array(count) });
    this.targets = (query.targets?.columns ?? []).map(({ horizon }) => empty(horizon));
    this.knownParts = overlapHorizons(query).map(empty);
  }

  /** Keys by row, all of them after {@link finish}. */
  get keys(): BigInt64Array {
    return this.#keys;
  }

  /**
   * Takes rows of a batch.
   *
   * @param rowIndex number in the sample of every row of the batch
   * @param range of the rows to take
   * @throws OnescanError FAILED_PRECONDITION when there are more keys than sampled, or one twice
   */
  add(
    rowIndex: Float64Array,
    { positions, start, end }: RowRange,
    key: Float64Array,
    numbers: Lists<Float64Array>,
  ): void {
    for (let i = start; i < end; i++) {
      const at = positions[i]!;
      const row = rowIndex[at]!;
      if (row >= this.rows.atMost || !this.#seen.add(row)) throw this.#tooMany();
      const from = numbers.offsets[at]!;
      if (numbers.offsets[at + 1]! - from !== samplePartWidth(this.query)) {
        throw new OnescanError(
          'DATA_LOSS',
          'the statement returned another number of targets than it asks for',
        );
      }
      this.#keys[row] = BigInt(key[at]!);
      if (this.query.targets) this.#addTargets(row, numbers.values.subarray(from));
    }
  }

  #addTargets(row: number, numbers: Float64Array): void {
    this.bar[row] = numbers[0]!;
    this.persistence[row] = numbers[1]!;
    let next = 2;
    for (const { values } of this.targets) values[row] = numbers[next++]!;
    for (const { values } of this.knownParts) values[row] = numbers[next++]!;
    if (this.#ownPast.length > 0) this.#ownPast[row] = numbers[next]!;
  }

  /** @throws OnescanError FAILED_PRECONDITION when keys are missing, doubled or out of order, or closes are not those of the targets */
  finish(): void {
    const table = this.#sourceText();
    const { size, end } = this.#seen;
    if (size !== end || size < this.rows.atLeast) {
      throw new OnescanError(
        'FAILED_PRECONDITION',
        `the statement returned ${size} keys of ${table} where ${Math.max(end, this.rows.atLeast)} are sampled`,
        { remedy: 'The warehouse changed since the plan was approved: plan the run again' },
      );
    }
    this.#keys = this.#keys.slice(0, size);
    for (let row = 1; row < size; row++) {
      if (this.#keys[row]! > this.#keys[row - 1]!) continue;
      throw new OnescanError('FAILED_PRECONDITION', `table ${table} holds a key more than once`, {
        remedy: 'Remove the doubled rows from the warehouse',
        details: { table },
      });
    }
    if (this.#ownPast.length > 0) this.#requireIdentity(size);
  }

  #requireIdentity(size: number): void {
    requireIdentity(this.query, {
      bar: this.bar.subarray(0, size),
      time: Float64Array.from(this.#keys, (key) => Number(key) / MICROS_PER_MILLI),
      persistence: this.persistence.subarray(0, size),
      own: this.#ownPast.subarray(0, size),
    });
  }

  #sourceText(): string {
    return this.query.sample.sources.map(({ table }) => tableText(table)).join(', ');
  }

  #tooMany(): OnescanError {
    return new OnescanError(
      'FAILED_PRECONDITION',
      `the statement returned more rows than the ${this.rows.atMost} sampled: ${this.#sourceText()} or a table joined to it holds a key more than once`,
      { remedy: 'Remove the doubled rows from the warehouse' },
    );
  }
}
