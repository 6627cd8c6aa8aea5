import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Lists, StatementBatch } from '../warehouse.js';
import type { Cell } from './api-answers.js';
import { TEXT_MARK } from './sql/array-values.js';

type Row = { readonly f: readonly Cell[] };

/** A page of rows of the REST API, every value of which is a text. */
export class RestBatch implements StatementBatch {
  /** @param columns position of every column of the result */
  constructor(
    private readonly content: readonly Row[],
    private readonly columns: ReadonlyMap<string, number>,
  ) {}

  get rows(): number {
    return this.content.length;
  }

  integers(column: string): Float64Array {
    const position = this.#position(column);
    return Float64Array.from(this.content, (row) => {
      const { v } = cellOf(row, position);
      const value = typeof v === 'string' && v !== '' ? Number(v) : Number.NaN;
      if (!Number.isSafeInteger(value)) throw notA('whole number', v);
      return value;
    });
  }

  numberLists(column: string): Lists<Float64Array> {
    const { cells, offsets } = this.#lists(column);
    return { offsets, values: Float64Array.from(cells, numberOf) };
  }

  textLists(column: string): Lists<readonly (string | null)[]> {
    const { cells, offsets } = this.#lists(column);
    return { offsets, values: cells.map(textOf) };
  }

  #lists(column: string): { cells: Cell[]; offsets: Uint32Array } {
    const position = this.#position(column);
    const offsets = new Uint32Array(this.rows + 1);
    const cells: Cell[] = [];
    this.content.forEach((row, i) => {
      const list = cellOf(row, position).v;
      if (!Array.isArray(list)) throw notA('list', list);
      for (const cell of list as readonly Cell[]) cells.push(cell);
      offsets[i + 1] = cells.length;
    });
    return { cells, offsets };
  }

  #position(column: string): number {
    const position = this.columns.get(column);
    if (position !== undefined) return position;
    throw new OnescanError('DATA_LOSS', `BigQuery sent no column ${column} of the statement's`);
  }
}

function cellOf(row: Row, position: number): Cell {
  return row.f[position] ?? { v: null };
}

/** BigQuery's arrays hold no NULL; where a service's do, it is what NaN stands for: a missing number. */
function numberOf({ v }: Cell): number {
  if (v === null) return Number.NaN;
  if (typeof v === 'string' && v.toLowerCase() === 'nan') return Number.NaN;
  const value = typeof v === 'string' && v !== '' ? Number(v) : Number.NaN;
  if (!Number.isNaN(value)) return value;
  const infinite = /^([+-]?)inf(inity)?$/i.exec(String(v));
  if (!infinite) throw notA('number', v);
  return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** A text or NULL: what columns of metadata hold. */
export function nullableText({ v }: Cell): string | null {
  if (v === null || typeof v === 'string') return v;
  throw notA('text', v);
}

function textOf({ v }: Cell): string | null {
  return markedText(v);
}

/** The text that a statement sent with `TEXT_MARK` in front; null for the empty one. */
export function markedText(value: unknown): string | null {
  if (value === '') return null;
  if (typeof value === 'string' && value.startsWith(TEXT_MARK)) return value.slice(TEXT_MARK.length);
  throw notA('marked text', value);
}

function notA(what: string, value: unknown): OnescanError {
  const shown = JSON.stringify(value)?.slice(0, 60);
  return new OnescanError('DATA_LOSS', `BigQuery sent ${shown} where a ${what} was asked for`);
}
