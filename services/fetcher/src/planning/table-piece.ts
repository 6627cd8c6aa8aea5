import type { FetchTable } from '../sql/fetch-query.js';

/** Some columns of a feature table, numbers before texts, from `start` to `end - 1`: mostly all. */
export interface TablePiece {
  readonly table: FetchTable;
  readonly start: number;
  readonly end: number;
}

export function wholeTable(table: FetchTable): TablePiece {
  return { table, start: 0, end: table.numbers.length + table.texts.length };
}

/** A piece of a piece, by positions within it. */
export function partOf({ table, start }: TablePiece, from: number, to: number): TablePiece {
  return { table, start: start + from, end: start + to };
}

export function isWhole({ table, start, end }: TablePiece): boolean {
  return start === 0 && end === table.numbers.length + table.texts.length;
}

/** The table as a statement reads it that brings the piece. */
export function readTable(piece: TablePiece): FetchTable {
  if (isWhole(piece)) return piece.table;
  const { table, numbers, texts } = piece.table;
  const { start, end } = piece;
  return {
    table,
    numbers: numbers.slice(start, end),
    texts: texts.slice(Math.max(0, start - numbers.length), Math.max(0, end - numbers.length)),
  };
}
