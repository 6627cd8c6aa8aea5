import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { DatasetSpool } from '@onescan/dataset/dataset-spool.js';
import type { PlannedStatement } from '../planning/split-statements.js';
import type { FetchQuery } from '../sql/fetch-query.js';
import type { StatementBatch } from '../warehouse/warehouse.js';
import { PartOrder } from './part-order.js';
import { type RowBounds, SamplePart } from './sample-part.js';
import { TablePart } from './table-part.js';

/** Puts the results of a dataset's statements together: samples into memory, feature tables into the spool. */
export class DatasetReceiver {
  readonly #samples: SamplePart[] = [];
  readonly #parts: TablePart[] = [];

  constructor(
    private readonly spool: DatasetSpool,
    private readonly rows: RowBounds,
  ) {}

  /** Of the first statement. */
  get sample(): SamplePart {
    return this.#samples[0]!;
  }

  /** Tables and pieces of tables in the order in which they are spooled. */
  get parts(): readonly TablePart[] {
    return this.#parts;
  }

  /**
   * Takes all batches of the next statement apart.
   *
   * @param onRows number of rows of the statement received so far, of the sample's rows times (tables + 1) at most
   * @throws OnescanError FAILED_PRECONDITION when keys are doubled, missing or others than those of the
   *   statements before, DATA_LOSS
   */
  async receive(
    { query, strategy }: PlannedStatement,
    batches: AsyncIterable<StatementBatch>,
    onRows: (rows: number) => void,
  ): Promise<void> {
    const start = this.spool.bytes;
    let { sample, parts } = this.#emptyParts(query);
    const order = new PartOrder(parts.length + 1);
    let reading = 1;
    const take = strategy === 'pack' ? takePacked : takeJoined;
    let received = 0;
    for await (const batch of batches) {
      if ((batch.reading ?? 1) !== reading) {
        reading = batch.reading ?? 1;
        received = 0;
        this.spool.truncate(start);
        ({ sample, parts } = this.#emptyParts(query));
      }
      take(batch, { sample, parts, order });
      received += strategy === 'pack' ? batch.rows : batch.rows * (parts.length + 1);
      onRows(received);
    }
    sample.finish();
    for (const part of parts) part.end();
    this.#parts.push(...parts);
    this.#samples.push(sample);
    requireSameKeys(this.sample.keys, sample.keys, this.#samples.length);
  }

  #emptyParts(query: FetchQuery): { sample: SamplePart; parts: TablePart[] } {
    const first = this.#parts.length;
    const parts = query.tables.map(
      (table, i) => new TablePart(table, first + i, this.spool, this.rows.atMost),
    );
    return { sample: new SamplePart(query, this.rows), parts };
  }
}

/** Rows are numbered by each statement: they are the same rows only when the keys are. */
function requireSameKeys(first: BigInt64Array, keys: BigInt64Array, statement: number): void {
  if (keys.length === first.length && keys.every((key, row) => key === first[row])) return;
  throw new OnescanError(
    'FAILED_PRECONDITION',
    `statement ${statement} returned other keys than statement 1: the warehouse changed between them`,
    { remedy: 'Plan the run again when nothing writes to the warehouse' },
  );
}

/** Rows of all parts, mixed. */
function takePacked(
  batch: StatementBatch,
  { sample, parts, order }: { sample: SamplePart; parts: readonly TablePart[]; order: PartOrder },
): void {
  const rowIndex = batch.integers('row_index');
  order.sort(batch.integers('part'), batch.rows);
  const numbers = batch.numberLists('numbers');
  const ofSample = order.rowsOf(0);
  if (ofSample.end > ofSample.start) sample.add(rowIndex, ofSample, batch.integers('key'), numbers);
  let texts: ReturnType<StatementBatch['textLists']> | undefined;
  for (const [i, part] of parts.entries()) {
    const rows = order.rowsOf(i + 1);
    if (rows.start === rows.end) continue;
    if (part.codes.length > 0) texts ??= batch.textLists('texts');
    part.add(rowIndex, rows, numbers, part.codes.length > 0 ? texts : undefined);
  }
}

function takeJoined(
  batch: StatementBatch,
  { sample, parts }: { sample: SamplePart; parts: readonly TablePart[] },
): void {
  const rowIndex = batch.integers('row_index');
  const positions = Uint32Array.from({ length: batch.rows }, (_, i) => i);
  const all = { positions, start: 0, end: batch.rows };
  sample.add(rowIndex, all, batch.integers('key'), batch.numberLists('numbers_0'));
  for (const [i, part] of parts.entries()) {
    const texts = part.codes.length > 0 ? batch.textLists(`texts_${i + 1}`) : undefined;
    part.add(rowIndex, all, batch.numberLists(`numbers_${i + 1}`), texts);
  }
}
