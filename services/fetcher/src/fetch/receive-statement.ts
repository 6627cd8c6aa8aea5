import type { CandidateColumn } from '@onescan/shared/dataset/dataset-content.js';
import type { DatasetSpool } from '@onescan/shared/dataset/dataset-spool.js';
import { MAX_ORDINAL_TEXTS } from '@onescan/shared/dataset/judge-columns.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { PlannedPair } from '../planning/plan-pair.js';
import { type CatalogueColumn, type StatementBatch, tableText } from '../warehouse/warehouse.js';
import { SamplePart } from './sample-part.js';
import { TablePart } from './table-part.js';

export interface Received {
  readonly sample: SamplePart;
  /** The whole universe, with the place in the spool of what was fetched. */
  readonly columns: CandidateColumn[];
}

/**
 * Takes all batches of a pair's statement apart: the sample into memory, feature tables into the spool.
 *
 * @param onRows number of rows received so far, of the sample's rows times (tables + 1) at most
 * @throws OnescanError FAILED_PRECONDITION when keys are doubled or missing, DATA_LOSS
 */
export async function receiveStatement(
  planned: PlannedPair,
  batches: AsyncIterable<StatementBatch>,
  spool: DatasetSpool,
  onRows: (rows: number) => void,
): Promise<Received> {
  const start = spool.bytes;
  let { sample, parts } = emptyParts(planned, spool);
  let reading = 1;
  const take = planned.strategy === 'pack' ? takePacked : takeJoined;
  let received = 0;
  for await (const batch of batches) {
    if ((batch.reading ?? 1) !== reading) {
      reading = batch.reading ?? 1;
      received = 0;
      spool.truncate(start);
      ({ sample, parts } = emptyParts(planned, spool));
    }
    take(batch, sample, parts);
    received += planned.strategy === 'pack' ? batch.rows : batch.rows * (parts.length + 1);
    onRows(received);
  }
  sample.finish();
  for (const part of parts) part.flush();
  return { sample, columns: candidates(planned, parts) };
}

function emptyParts(planned: PlannedPair, spool: DatasetSpool): { sample: SamplePart; parts: TablePart[] } {
  const { query, rows } = planned;
  const parts = query.tables.map((table, i) => new TablePart(table, i, spool, rows));
  return { sample: new SamplePart(query, rows), parts };
}

/** Rows of all parts, mixed. */
function takePacked(batch: StatementBatch, sample: SamplePart, parts: readonly TablePart[]): void {
  const rowIndex = batch.integers('row_index');
  const part = batch.integers('part');
  const numbers = batch.numberLists('numbers');
  let key: Float64Array | undefined;
  let texts: ReturnType<StatementBatch['textLists']> | undefined;
  for (let i = 0; i < batch.rows; i++) {
    const row = rowIndex[i]!;
    if (part[i] === 0) {
      key ??= batch.integers('key');
      sample.add(row, i, key, numbers);
      continue;
    }
    const table = parts[part[i]! - 1]!;
    if (table.codes.length > 0) texts ??= batch.textLists('texts');
    table.add(row, i, numbers, table.codes.length > 0 ? texts : undefined);
  }
}

function takeJoined(batch: StatementBatch, sample: SamplePart, parts: readonly TablePart[]): void {
  const rowIndex = batch.integers('row_index');
  const key = batch.integers('key');
  const numbers = batch.numberLists('numbers_0');
  for (let i = 0; i < batch.rows; i++) sample.add(rowIndex[i]!, i, key, numbers);
  for (const [p, part] of parts.entries()) {
    const values = batch.numberLists(`numbers_${p + 1}`);
    const texts = part.codes.length > 0 ? batch.textLists(`texts_${p + 1}`) : undefined;
    for (let i = 0; i < batch.rows; i++) part.add(rowIndex[i]!, i, values, texts);
  }
}

function candidates(planned: PlannedPair, parts: readonly TablePart[]): CandidateColumn[] {
  const places = new Map<string, { table: number; column: number; part: TablePart }>();
  for (const [table, part] of parts.entries()) {
    const columns = [...part.table.numbers, ...part.table.texts];
    for (const [column, { name }] of columns.entries()) {
      places.set(`${tableText(part.table.table)}.${name}`, { table, column, part });
    }
  }
  return planned.universe.columns.map(({ featureId, group, table, column, exclusionReason }) => {
    const described = { featureId, group, type: column.type };
    if (exclusionReason !== undefined) return { ...described, encoding: 'number' as const, exclusionReason };
    const place = places.get(`${tableText(table)}.${column.name}`);
    if (!place) throw new OnescanError('INTERNAL', `${featureId} was planned but not fetched`);
    const spooled = { ...described, spool: { table: place.table, column: place.column } };
    return column.kind === 'text'
      ? textCandidate(spooled, place, column)
      : { ...spooled, encoding: numberEncoding(column) };
  });
}

function numberEncoding(column: CatalogueColumn): 'number' | 'bool' {
  return column.kind === 'bool' ? 'bool' : 'number';
}

function textCandidate(
  spooled: Omit<CandidateColumn, 'encoding'>,
  place: { column: number; part: TablePart },
  column: CatalogueColumn,
): CandidateColumn {
  const codes = place.part.codes[place.column - place.part.table.numbers.length]!;
  const { spool, ...described } = spooled;
  if (codes.tooMany) {
    const exclusionReason = `its ${column.type} values have more than ${MAX_ORDINAL_TEXTS} distinct texts`;
    return { ...described, encoding: 'ordinal', exclusionReason };
  }
  return { ...described, ...(spool ? { spool } : {}), encoding: 'ordinal', texts: codes.texts };
}
