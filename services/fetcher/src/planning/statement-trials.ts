import { sha256Hex } from '@onescan/contract/canonical-json.js';
import type { FetchQuery, FetchTable } from '../sql/fetch-query.js';
import { refusalOf, type StatementRefusal } from '../warehouse/statement-refusal.js';
import type { Statement, StatementEstimate, WarehouseView } from '../warehouse/warehouse.js';
import type { KnownSplits, StatementParts } from './known-splits.js';
import {
  type PlannedStatement,
  planStatement,
  type SplitRules,
  type StatementPart,
  strategiesOf,
} from './split-statements.js';
import { exceededLimits, statementSize } from './statement-size.js';

export interface TrialRules extends SplitRules {
  readonly known: KnownSplits;
  /** False when nothing is taken for refused that was not asked for now; default true. */
  readonly presume?: boolean;
}

/** A statement that the warehouse takes. */
export interface EstimatedStatement extends PlannedStatement {
  readonly estimate: StatementEstimate;
}

/** Tries parts of a query by dry runs, none twice. */
export class StatementTrials {
  /** Why statements were refused, by the warehouse or before it was asked. */
  readonly refusals = new Set<StatementRefusal>();
  #dryRuns = 0;
  readonly #passed: StatementParts[] = [];
  readonly #refused: { tables: ReadonlySet<FetchTable>; parts: StatementParts; refusal: StatementRefusal }[] =
    [];
  readonly #tried = new Map<string, StatementEstimate | StatementRefusal>();

  constructor(
    private readonly view: Pick<WarehouseView, 'dryRun'>,
    private readonly query: FetchQuery,
    private readonly rules: TrialRules,
  ) {}

  get dryRuns(): number {
    return this.#dryRuns;
  }

  /**
   * The statement of a part, in the better of the ways to write it that the warehouse takes; undefined when it takes none,
   * or when it is beyond the limits.
   *
   * @param presume takes what is known of other statements for an answer; default by the rules
   * @throws OnescanError what dry runs fail with otherwise
   */
  async statement(
    part: StatementPart,
    presume = this.rules.presume ?? true,
  ): Promise<EstimatedStatement | undefined> {
    const strategies = part.strategy ? [part.strategy] : strategiesOf(part.pieces.length, this.rules);
    for (const strategy of strategies) {
      const planned = planStatement(this.query, part, this.rules, strategy);
      const estimate = await this.#estimate(planned, presume);
      if (typeof estimate === 'object') return { ...planned, estimate };
      if (estimate) this.refusals.add(estimate);
    }
    return undefined;
  }

  /** Undefined beyond the limits, which say so themselves. */
  async #estimate(
    planned: PlannedStatement,
    presume: boolean,
  ): Promise<StatementEstimate | StatementRefusal | undefined> {
    const size = statementSize(planned.query, planned.statement);
    if (exceededLimits(size, this.rules.limits).length > 0) return undefined;
    const id = sha256Hex(planned.statement.sql);
    const tried = this.#tried.get(id);
    if (tried) return tried;
    const parts = { tables: size.tables, columns: size.columns, length: size.sqlLength };
    // A table alone is asked about: it may be refused for what it is.
    const isPresumed = presume && planned.pieces.length > 1;
    const presumed = isPresumed ? this.rules.known.refusalOf(parts) : undefined;
    if (presumed) return presumed;
    const answer = await this.#dryRun(planned.statement);
    this.#tried.set(id, answer);
    if (typeof answer === 'object') this.#passed.push(parts);
    else {
      const tables = new Set(planned.pieces.map(({ table }) => table));
      this.#refused.push({ tables, parts, refusal: answer });
    }
    return answer;
  }

  async #dryRun(statement: Statement): Promise<StatementEstimate | StatementRefusal> {
    this.#dryRuns++;
    try {
      return await this.view.dryRun(statement);
    } catch (thrown) {
      const refusal = refusalOf(thrown);
      if (refusal) return refusal;
      throw thrown;
    }
  }

  /** Hands on what was told about sizes: statements with tables that are refused for what they are tell nothing. */
  learn(odd: ReadonlySet<FetchTable>): void {
    const refused = this.#refused.filter(({ tables }) => [...tables].every((table) => !odd.has(table)));
    this.rules.known.learn({ refused, passed: this.#passed });
  }
}
