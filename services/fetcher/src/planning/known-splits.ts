import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { z } from 'zod';
import { refusalSchema, type StatementRefusal } from '../warehouse/statement-refusal.js';

/** After so long a statement that was refused is tried again: BigQuery's limits change, and its refusals may be passing. */
const REMEMBERED_MS = 7 * 86_400_000;
const MAX_REFUSALS = 64;
const MAX_SPLITS = 64;

/** Texts of pairs differ by the lengths of names and dates: so much shorter is not simpler. */
const SAME_LENGTH = 0.98;

/** What a statement is made of, as far as what a warehouse thinks of its size goes. */
export interface StatementParts {
  readonly tables: number;
  readonly columns: number;
  /** Characters of SQL. */
  readonly length: number;
}

const PIECE = z.strictObject({ table: z.string(), start: z.int().min(0), end: z.int().min(1) });

const SPLIT = z.strictObject({
  refusal: refusalSchema,
  statements: z
    .array(
      z.strictObject({
        /** The way to write it that passed; absent when none was tried yet. */
        strategy: z.enum(['pack', 'join']).optional(),
        pieces: z.array(PIECE),
      }),
    )
    .min(1),
  /** Tables that not even a statement of their own can read, as "schema.table". */
  refused: z.array(z.string()),
});

/** How a query is split, and why. */
export type KnownSplit = z.infer<typeof SPLIT>;

const OF_WAREHOUSE = { warehouse: z.string(), at: z.int().min(0) };
const FILE = z.strictObject({
  format: z.literal('onescan.known-splits'),
  formatVersion: z.literal(1),
  refusals: z.array(
    z.strictObject({
      ...OF_WAREHOUSE,
      refusal: refusalSchema,
      /** True for what passed its dry run. */
      atRun: z.boolean(),
      tables: z.int().min(0),
      columns: z.int().min(0),
      length: z.int().min(0),
    }),
  ),
  splits: z.array(z.strictObject({ ...OF_WAREHOUSE, key: z.string(), split: SPLIT })),
});

type Contents = z.infer<typeof FILE>;
type Refusal = Contents['refusals'][number];

export interface KnownSplitsOptions {
  /** Which one: a cache folder may have served several. */
  readonly warehouse: string;
  /** Default: nothing outlives the process. */
  readonly path?: string;
  /** Milliseconds since the epoch; default the clock. */
  readonly now?: () => number;
  /** Told when the file cannot be read or written: what it holds is convenience, so nothing fails. */
  readonly onProblem?: (problem: string) => void;
}

/**
 * What a warehouse is known to refuse and how queries were split for it, so that a plan starts where the last one ended.
 * Kept in a file that is replaced as a whole, and forgotten after a week.
 */
export class KnownSplits {
  readonly #options: KnownSplitsOptions;
  #contents: Contents;

  constructor(options: KnownSplitsOptions) {
    this.#options = options;
    this.#contents = this.#read();
  }

  /** Why a statement is as good as refused: one with no more tables, columns and text was. */
  refusalOf(parts: StatementParts): StatementRefusal | undefined {
    const shortened = (known: Refusal): StatementParts => ({ ...known, length: known.length * SAME_LENGTH });
    return this.#fresh(this.#contents.refusals).find((known) => isNoLess(parts, shortened(known)))?.refusal;
  }

  /** Takes over what dry runs told; refusals that something larger disproves are no matter of size. */
  learn(told: {
    refused: readonly { parts: StatementParts; refusal: StatementRefusal }[];
    passed: readonly StatementParts[];
  }): void {
    const added = told.refused.map(({ parts, refusal }) => this.#entry(parts, { refusal, atRun: false }));
    const { warehouse } = this.#options;
    const isDisproved = (entry: Refusal): boolean =>
      entry.warehouse === warehouse && !entry.atRun && told.passed.some((parts) => isNoLess(parts, entry));
    const known = this.#contents.refusals;
    const left = [...known, ...added].filter((entry) => !isDisproved(entry));
    if (added.length === 0 && left.length === known.length) return;
    this.#put({ refusals: left.slice(-MAX_REFUSALS) });
  }

  /** A statement could not be run, though its dry run passed. */
  refuseAtRun(parts: StatementParts, refusal: StatementRefusal): void {
    const entry = this.#entry(parts, { refusal, atRun: true });
    this.#put({ refusals: [...this.#contents.refusals, entry].slice(-MAX_REFUSALS) });
  }

  #entry(
    { tables, columns, length }: StatementParts,
    why: { refusal: StatementRefusal; atRun: boolean },
  ): Refusal {
    return { ...this.#stamp(), ...why, tables, columns, length };
  }

  /** The last split of a query. */
  splitOf(key: string): KnownSplit | undefined {
    return this.#fresh(this.#contents.splits).find((known) => known.key === key)?.split;
  }

  remember(key: string, split: KnownSplit): void {
    const others = this.#contents.splits.filter((known) => !this.#isOf(known, key));
    this.#put({ splits: [...others, { ...this.#stamp(), key, split }].slice(-MAX_SPLITS) });
  }

  forget(key: string): void {
    this.#put({ splits: this.#contents.splits.filter((known) => !this.#isOf(known, key)) });
  }

  #isOf(known: { warehouse: string; key: string }, key: string): boolean {
    return known.warehouse === this.#options.warehouse && known.key === key;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #stamp(): { warehouse: string; at: number } {
    return { warehouse: this.#options.warehouse, at: this.#now() };
  }

  #fresh<T extends { warehouse: string; at: number }>(entries: readonly T[]): T[] {
    const now = this.#now();
    return entries.filter(
      ({ warehouse, at }) => warehouse === this.#options.warehouse && at <= now && now - at < REMEMBERED_MS,
    );
  }

  #put(changes: Partial<Contents>): void {
    this.#contents = { ...this.#contents, ...changes };
    const { path, onProblem } = this.#options;
    if (path === undefined) return;
    const partial = `${path}.partial-${process.pid}`;
    try {
      const file = openSync(partial, 'w');
      try {
        writeSync(file, JSON.stringify(this.#contents));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(partial, path);
    } catch (thrown) {
      rmSync(partial, { force: true });
      onProblem?.(`${path} cannot be written: ${messageOf(thrown)}`);
    }
  }

  #read(): Contents {
    const empty: Contents = { format: 'onescan.known-splits', formatVersion: 1, refusals: [], splits: [] };
    const { path, onProblem } = this.#options;
    if (path === undefined || !existsSync(path)) return empty;
    try {
      return FILE.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch (thrown) {
      onProblem?.(`${path} cannot be read, statements are split anew: ${messageOf(thrown)}`);
      return empty;
    }
  }
}

function isNoLess(parts: StatementParts, than: StatementParts): boolean {
  return parts.tables >= than.tables && parts.columns >= than.columns && parts.length >= than.length;
}

function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0]!;
}
