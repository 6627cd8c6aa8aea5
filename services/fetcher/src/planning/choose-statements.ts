import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { refusalsText } from '@onescan/contract/reasons/exclusion-reasons.js';
import { tableText } from '../catalogue/catalogue.js';
import type { FetchQuery } from '../sql/fetch-query.js';
import type { WarehouseView } from '../warehouse/warehouse.js';
import { knownParts, knownSplit, type SplitPart } from './apply-split.js';
import { balancedRuns, fewestRuns, type Run } from './fewest-runs.js';
import type { ChosenStatements, RefusedTable, SplitReason } from './split-notes.js';
import { splitStatements } from './split-statements.js';
import { type EstimatedStatement, StatementTrials, type TrialRules } from './statement-trials.js';
import { partOf, type TablePiece, wholeTable } from './table-piece.js';

/** So many dry runs look for fewer statements; then what passes is taken. */
const EXACT_DRY_RUNS = 48;

/** And so many before it is given up. */
const MAX_DRY_RUNS = 400;

/** More tables that are refused by themselves are no accident. */
const MAX_REFUSED_TABLES = 8;

/**
 * The statements of a query, each of which the warehouse takes by its dry run: one where one passes. Otherwise as few as
 * runs of tables that follow each other allow, which dry runs tell; of about equal size where that passes too. What was
 * found for the query before is tried first. A table that the warehouse refuses even alone is cut into as few pieces as pass;
 * when it refuses a single column of it, it is left out.
 *
 * @throws OnescanError FAILED_PRECONDITION when not even the targets pass, or no split is found
 */
export async function chooseStatements(
  view: Pick<WarehouseView, 'dryRun'>,
  query: FetchQuery,
  rules: TrialRules,
): Promise<ChosenStatements> {
  return new StatementChoice(view, query, rules).choose();
}

class StatementChoice {
  readonly #query: FetchQuery;
  readonly #rules: TrialRules;
  readonly #trials: StatementTrials;
  readonly #key: string;
  readonly #refused: RefusedTable[] = [];
  #items: TablePiece[];

  constructor(view: Pick<WarehouseView, 'dryRun'>, query: FetchQuery, rules: TrialRules) {
    this.#query = query;
    this.#rules = rules;
    this.#trials = new StatementTrials(view, query, rules);
    this.#key = sha256Hex(`${rules.sqlStrategy ?? 'auto'}\n${rules.dialect.pack(query)}`);
    this.#items = query.tables.map(wholeTable);
  }

  async choose(): Promise<ChosenStatements> {
    const before = await this.#asBefore();
    if (before) return before;
    const { statements: limited, exceeded = [] } = splitStatements(this.#query, this.#rules);
    const passing = await this.#all(limited.map(({ pieces }) => ({ pieces })));
    if (passing) {
      this.#trials.learn(new Set());
      return this.#chosen(passing, { exceeded, refusals: [] });
    }
    const found = await this.#search(limited.length);
    const [refusal = 'complexity'] = this.#trials.refusals;
    const refused = this.#refused.map(({ table }) => tableText(table.table));
    this.#trials.learn(new Set(this.#refused.map(({ table }) => table)));
    this.#rules.known.remember(this.#key, knownSplit(found, refusal, refused));
    return this.#chosen(found, { exceeded, refusals: [...this.#trials.refusals] });
  }

  async #asBefore(): Promise<ChosenStatements | undefined> {
    const split = this.#rules.known.splitOf(this.#key);
    const parts = split && knownParts(this.#query, split);
    if (!split || !parts) return undefined;
    const statements = await this.#all(parts, false);
    if (!statements) {
      this.#rules.known.forget(this.#key);
      return undefined;
    }
    const isRefused = new Set(split.refused);
    this.#refused.push(
      ...this.#query.tables
        .filter(({ table }) => isRefused.has(tableText(table)))
        .map((table) => ({ table, refusal: split.refusal })),
    );
    return this.#chosen(statements, { exceeded: [], refusals: [split.refusal] });
  }

  /** The statements of some parts, when all of them pass. */
  async #all(parts: readonly SplitPart[], presume?: boolean): Promise<EstimatedStatement[] | undefined> {
    const statements: EstimatedStatement[] = [];
    for (const [i, part] of parts.entries()) {
      const statement = await this.#trials.statement({ ...part, isFirst: i === 0 }, presume);
      if (!statement) return undefined;
      statements.push(statement);
    }
    return statements;
  }

  /** @param least statements that the limits ask for */
  async #search(least: number): Promise<EstimatedStatement[]> {
    await this.#requireBase();
    // One is refused: two of equal size are the fewest that there can be, found without looking how far each may go.
    const halves = least === 1 ? await this.#balanced(2) : undefined;
    if (halves) return halves;
    for (;;) {
      const runs = await fewestRuns(
        this.#items.length,
        async (run) => (await this.#ofRun(run)) !== undefined,
        () => this.#trials.dryRuns < EXACT_DRY_RUNS,
      );
      if ('refused' in runs) {
        await this.#takeApart(runs.refused);
        continue;
      }
      return (await this.#balanced(runs.ends.length)) ?? (await this.#all(this.#cut(runs.ends)))!;
    }
  }

  #ofRun({ start, end, isFirst }: Run): Promise<EstimatedStatement | undefined> {
    if (this.#trials.dryRuns >= MAX_DRY_RUNS) throw this.#givenUp();
    return this.#trials.statement({ pieces: this.#items.slice(start, end), isFirst });
  }

  #cut(ends: readonly number[]): SplitPart[] {
    return ends.map((end, i) => ({ pieces: this.#items.slice(ends[i - 1] ?? 0, end) }));
  }

  /** Statements of about equal numbers of columns, a table counting as some; undefined when one of them is refused. */
  async #balanced(statements: number): Promise<EstimatedStatement[] | undefined> {
    if (statements > this.#items.length) return undefined;
    const columns = this.#items.reduce((sum, { start, end }) => sum + end - start, 0);
    const aTable = columns / this.#items.length;
    const loads = this.#items.map(({ start, end }) => end - start + aTable);
    return this.#all(this.#cut(balancedRuns(loads, statements, aTable)));
  }

  /** Without tables every statement must pass: otherwise none with tables does. */
  async #requireBase(): Promise<void> {
    for (const isFirst of [true, false]) {
      if (await this.#trials.statement({ pieces: [], isFirst }, false)) continue;
      const sources = this.#query.sample.sources.map(({ table }) => tableText(table)).join(', ');
      throw new OnescanError(
        'FAILED_PRECONDITION',
        `the warehouse refuses a statement of ${sources} alone: ${refusalsText([...this.#trials.refusals])}`,
        { remedy: 'Make that a table if it is a view, or ask for fewer horizons or pairs' },
      );
    }
  }

  /** Cuts a table that does not pass alone, or leaves it out when a single column of it does not pass either. */
  async #takeApart(item: number): Promise<void> {
    const piece = this.#items[item]!;
    const passes = async ({ start, end }: Pick<Run, 'start' | 'end'>): Promise<boolean> =>
      (await this.#trials.statement({ pieces: [partOf(piece, start, end)], isFirst: false })) !== undefined;
    const width = piece.end - piece.start;
    const isCut = width > 1 && (await passes({ start: 0, end: 1 }));
    const runs = isCut ? await fewestRuns(width, passes) : { refused: 0 };
    if ('ends' in runs) {
      const pieces = runs.ends.map((end, i) => partOf(piece, runs.ends[i - 1] ?? 0, end));
      this.#items = this.#items.toSpliced(item, 1, ...pieces);
      return;
    }
    const [refusal = 'complexity'] = [...this.#trials.refusals].slice(-1);
    this.#refused.push({ table: piece.table, refusal });
    if (this.#refused.length > MAX_REFUSED_TABLES) throw this.#givenUp();
    this.#items = this.#items.filter(({ table }) => table !== piece.table);
  }

  #givenUp(): OnescanError {
    const names = this.#refused.map(({ table }) => tableText(table.table)).join(', ');
    const alone = names === '' ? '' : `; refused alone: ${names}`;
    return new OnescanError(
      'FAILED_PRECONDITION',
      `no split into statements that the warehouse takes was found in ${this.#trials.dryRuns} dry runs: ${refusalsText([...this.#trials.refusals])}${alone}`,
      { remedy: 'Leave views or wide tables out with universe.exclude, or ask for fewer groups' },
    );
  }

  async #chosen(statements: readonly EstimatedStatement[], why: SplitReason): Promise<ChosenStatements> {
    const again =
      statements.length > 1 ? await this.#trials.statement({ pieces: [], isFirst: false }, false) : undefined;
    const againBytes = again && again.estimate.bytes * BigInt(statements.length - 1);
    return {
      key: this.#key,
      statements,
      refused: this.#refused,
      ...(statements.length > 1 ? { why } : {}),
      ...(againBytes === undefined ? {} : { againBytes }),
    };
  }
}
