import { tableText } from '../catalogue/catalogue.js';
import { type FetchQuery, samplePartWidth } from '../sql/fetch-query.js';
import type { StatementLimits } from '../sql/statement-limits.js';
import type { Statement } from '../warehouse/warehouse.js';

/** Of a result: position, key and part of a packed row, a number, and a text, whose length is not known. */
const PART_BYTES = 24;
const NUMBER_BYTES = 8;
const TEXT_BYTES = 32;

/** The size of a statement in the terms of its limits. */
export function statementSize(query: FetchQuery, { sql, reads }: Statement): StatementLimits {
  const features = query.tables.reduce((sum, table) => sum + table.numbers.length + table.texts.length, 0);
  const names = query.tables.reduce(
    (sum, { table, numbers, texts }) => sum + tableText(table).length * (numbers.length + texts.length),
    0,
  );
  const texts = query.tables.reduce((sum, table) => sum + table.texts.length, 0);
  const parts = query.tables.length + 1;
  const rowBytes =
    parts * PART_BYTES +
    (samplePartWidth(query) + features) * NUMBER_BYTES +
    texts * (TEXT_BYTES - NUMBER_BYTES);
  const rows = query.sample.sources.reduce((sum, source) => sum + source.rows, 0);
  return {
    columns: 1 + samplePartWidth(query) + features,
    tables: new Set(reads.map(({ table }) => tableText(table))).size,
    sqlLength: sql.length,
    resolvedLength: sql.length + names,
    resultBytes: rows * rowBytes,
  };
}

const DIMENSIONS = ['columns', 'tables', 'sqlLength', 'resolvedLength', 'resultBytes'] as const;

/** Sizes in a fixed order of dimensions. */
export function sizeVector(size: StatementLimits): number[] {
  return DIMENSIONS.map((dimension) => size[dimension]);
}

/** A limit with what exceeds it. */
export interface ExceededLimit {
  readonly limit: keyof StatementLimits;
  readonly size: number;
  readonly most: number;
}

/** Every limit that is exceeded. */
export function exceededLimits(size: StatementLimits, limits: StatementLimits): ExceededLimit[] {
  return DIMENSIONS.filter((limit) => size[limit] > limits[limit]).map((limit) => ({
    limit,
    size: size[limit],
    most: limits[limit],
  }));
}
