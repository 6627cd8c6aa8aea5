import { OnescanError } from '@onescan/shared/onescan-error.js';
import { type FetchQuery, overlapHorizons, samplePartWidth } from '../sql/fetch-query.js';
import { type Lists, tableText } from '../warehouse/warehouse.js';
import { RowSet } from './row-set.js';

interface HorizonValues {
  horizon: number;
  values: Float64Array;
}

/** The sample itself as it arrives: keys, bars, persistence, targets and known parts by row. */
export class SamplePart {
  readonly keys: BigInt64Array;
  readonly bar: Int32Array;
  readonly persistence: Float64Array;
  readonly targets: HorizonValues[];
  readonly knownParts: HorizonValues[];
  readonly #seen: RowSet;

  constructor(
    private readonly query: FetchQuery,
    private readonly rows: number,
  ) {
    this.keys = new BigInt64Array(rows);
    this.bar = new Int32Array(rows);
    this.persistence = new Float64Array(rows);
    this.#seen = new RowSet(rows);
    const empty = (horizon: number): HorizonValues => ({ horizon, values: new Float64Array(rows) });
    this.targets = query.targets.columns.map(({ horizon }) => empty(horizon));
    this.knownParts = overlapHorizons(query).map(empty);
  }

  /**
   * Takes the row at a position of a batch.
   *
   * @param row its number in the sample
   * @throws OnescanError FAILED_PRECONDITION when there are more keys than sampled, or one twice
   */
  add(row: number, at: number, key: Float64Array, numbers: Lists<Float64Array>): void {
    if (row >= this.rows || !this.#seen.add(row)) throw this.#tooMany();
    const from = numbers.offsets[at]!;
    if (numbers.offsets[at + 1]! - from !== samplePartWidth(this.query)) {
      throw new OnescanError(
        'DATA_LOSS',
        'the statement returned another number of targets than it asks for',
      );
    }
    this.keys[row] = BigInt(key[at]!);
    this.bar[row] = numbers.values[from]!;
    this.persistence[row] = numbers.values[from + 1]!;
    let next = from + 2;
    for (const { values } of this.targets) values[row] = numbers.values[next++]!;
    for (const { values } of this.knownParts) values[row] = numbers.values[next++]!;
  }

  /** @throws OnescanError FAILED_PRECONDITION when keys are missing, doubled or out of order */
  finish(): void {
    const table = tableText(this.query.targets.table);
    if (this.#seen.size !== this.rows) {
      throw new OnescanError(
        'FAILED_PRECONDITION',
        `the statement returned ${this.#seen.size} keys of ${table} where ${this.rows} are sampled`,
        { remedy: 'The warehouse changed since the plan was approved: plan the run again' },
      );
    }
    for (let row = 1; row < this.rows; row++) {
      if (this.keys[row]! > this.keys[row - 1]!) continue;
      throw new OnescanError('FAILED_PRECONDITION', `table ${table} holds a key more than once`, {
        remedy: 'Remove the doubled rows from the warehouse',
        details: { table },
      });
    }
  }

  #tooMany(): OnescanError {
    return new OnescanError(
      'FAILED_PRECONDITION',
      `the statement returned more rows than the ${this.rows} sampled: ${tableText(this.query.targets.table)} or a table joined to it holds a key more than once`,
      { remedy: 'Remove the doubled rows from the warehouse' },
    );
  }
}
