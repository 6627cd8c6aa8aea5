import { tableText } from '../catalogue/catalogue.js';
import type { FetchQuery } from '../sql/fetch-query.js';
import type { StatementRefusal } from '../warehouse/statement-refusal.js';
import type { KnownSplit } from './known-splits.js';
import type { StatementPart } from './split-statements.js';
import { partOf, type TablePiece, wholeTable } from './table-piece.js';

type Pieces = readonly TablePiece[];

/** What one statement of a split brings: the first the targets too. */
export type SplitPart = Omit<StatementPart, 'isFirst'>;

/** A split as it is remembered. */
export function knownSplit(
  statements: readonly SplitPart[],
  refusal: StatementRefusal,
  refused: readonly string[],
): KnownSplit {
  return {
    refusal,
    statements: statements.map(({ pieces, strategy }) => ({
      ...(strategy ? { strategy } : {}),
      pieces: pieces.map(({ table, start, end }) => ({ table: tableText(table.table), start, end })),
    })),
    refused: [...refused],
  };
}

/** The parts of a query by a remembered split; undefined when they are not all of it, each column once. */
export function knownParts(query: FetchQuery, split: KnownSplit): SplitPart[] | undefined {
  const tables = new Map(query.tables.map((table) => [tableText(table.table), wholeTable(table)]));
  const columns = new Map([...tables].map(([name, { end }]) => [name, new Set(Array(end).keys())]));
  const isTaken = split.statements
    .flatMap(({ pieces }) => pieces)
    .every(({ table, start, end }) => {
      const left = columns.get(table);
      return left !== undefined && start < end && range(start, end).every((column) => left.delete(column));
    });
  for (const name of split.refused) columns.delete(name);
  if (!isTaken || [...columns.values()].some(({ size }) => size > 0)) return undefined;
  return split.statements.map(({ strategy, pieces }) => ({
    ...(strategy ? { strategy } : {}),
    pieces: pieces.map(({ table, start, end }) => partOf(tables.get(table)!, start, end)),
  }));
}

/**
 * A split of which one statement is halved, since the warehouse could not run it: the others stay what they are, so that
 * those which were paid for are not run again. Undefined when there is nothing to halve.
 */
export function halveStatement(statements: readonly SplitPart[], position: number): SplitPart[] | undefined {
  const halves = halved(statements[position]!.pieces);
  return halves && [...statements].toSpliced(position, 1, ...halves.map((pieces) => ({ pieces })));
}

function halved(pieces: Pieces): [Pieces, Pieces] | undefined {
  if (pieces.length > 1) {
    const middle = Math.ceil(pieces.length / 2);
    return [pieces.slice(0, middle), pieces.slice(middle)];
  }
  const [only] = pieces;
  const width = only ? only.end - only.start : 0;
  if (width < 2) return undefined;
  const middle = Math.ceil(width / 2);
  return [[partOf(only!, 0, middle)], [partOf(only!, middle, width)]];
}

function range(start: number, end: number): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}
