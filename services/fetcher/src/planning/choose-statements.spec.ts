import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byTables, ComplexityPlanner, queryOf, table } from '../fixtures/complexity-planner.js';
import type { FetchQuery } from '../sql/fetch-query.js';
import type { SqlStrategy } from '../sql/sql-dialect.js';
import type { StatementLimits } from '../sql/statement-limits.js';
import { BIGQUERY_LIMITS } from '../warehouse/bigquery/published-terms.js';
import { bigQueryDialect } from '../warehouse/bigquery/sql/bigquery-dialect.js';
import { halveStatement, knownSplit } from './apply-split.js';
import { chooseStatements } from './choose-statements.js';
import { KnownSplits } from './known-splits.js';
import { splitNotes } from './split-notes.js';
import { planStatement, strategiesOf } from './split-statements.js';
import type { EstimatedStatement } from './statement-trials.js';
import { wholeTable } from './table-piece.js';

const dialect = bigQueryDialect('bqx-ml');
const inMemory = (now?: () => number): KnownSplits =>
  new KnownSplits({ warehouse: 'w', ...(now ? { now } : {}) });

interface Options {
  known?: KnownSplits;
  sqlStrategy?: SqlStrategy;
  limits?: Partial<StatementLimits>;
}

function choose(planner: ComplexityPlanner, widths: readonly number[], options: Options = {}) {
  const { known = inMemory(), sqlStrategy, limits = {} } = options;
  return chooseStatements(planner, queryOf(widths), {
    dialect,
    known,
    limits: { ...BIGQUERY_LIMITS, ...limits },
    ...(sqlStrategy ? { sqlStrategy } : {}),
  });
}

const columnsOf = (statements: readonly EstimatedStatement[]): string[] =>
  statements.flatMap(({ query: part }) =>
    part.tables.flatMap((each) => each.numbers.map(({ name }) => `${each.table.name}.${name}`)),
  );

/** Tries every way to cut the tables into runs, the first of which may be empty; undefined when there is none. */
function fewestByBrute(
  planner: ComplexityPlanner,
  whole: FetchQuery,
  sqlStrategy?: SqlStrategy,
): number | undefined {
  const rules = { dialect, ...(sqlStrategy ? { sqlStrategy } : {}) };
  const passes = (start: number, end: number, isFirst: boolean): boolean => {
    const pieces = whole.tables.slice(start, end).map(wholeTable);
    return strategiesOf(pieces.length, rules).some((strategy) =>
      planner.takes(planStatement(whole, { pieces, isFirst }, rules, strategy).statement),
    );
  };
  const best = (start: number, isFirst: boolean): number => {
    let fewest = Number.POSITIVE_INFINITY;
    for (let end = isFirst ? 0 : start + 1; end <= whole.tables.length; end++) {
      if (!passes(start, end, isFirst)) continue;
      fewest = Math.min(fewest, 1 + (end === whole.tables.length ? 0 : best(end, false)));
    }
    return fewest;
  };
  return [best(0, true)].find(Number.isFinite);
}

it('splits any universe into the fewest statements that pass, and knows them the next time', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 7 }),
      fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 }), fc.constantFrom(0, 0.01)),
      fc.double({ min: 0.2, max: 1.1, noNaN: true }),
      fc.constantFrom<SqlStrategy | undefined>(undefined, 'pack', 'join'),
      async (widths, [perTable, column, character], share, sqlStrategy) => {
        const whole = queryOf(widths);
        const rules = { dialect, ...(sqlStrategy ? { sqlStrategy } : {}) };
        const one = planStatement(
          whole,
          { pieces: whole.tables.map(wholeTable), isFirst: true },
          { ...rules, sqlStrategy: sqlStrategy ?? 'pack' },
        );
        const { reads, sql } = one.statement;
        const columns = reads.reduce((sum, read) => sum + read.columns.length, 0);
        const most = share * (reads.length * perTable + columns * column + sql.length * character);
        const planner = new ComplexityPlanner({ table: perTable, column, character, most });
        const fewest = fewestByBrute(planner, whole, sqlStrategy);
        // Tables that do not even pass alone are another matter.
        fc.pre(fewest !== undefined);
        const known = inMemory();
        const options = { known, ...(sqlStrategy ? { sqlStrategy } : {}) };
        const { statements, refused } = await choose(planner, widths, options);
        expect(statements.length).toBe(fewest);
        expect(refused).toEqual([]);
        expect(statements.every(({ statement }) => planner.takes(statement))).toBe(true);
        expect(columnsOf(statements)).toEqual(columnsOf([{ query: whole } as EstimatedStatement]));
        expect(statements.map(({ query: { targets } }) => targets !== undefined)).toEqual(
          statements.map((_, i) => i === 0),
        );
        const failed = planner.failed;
        const again = await choose(planner, widths, options);
        expect(again.statements.map(({ statement }) => statement.sql)).toEqual(
          statements.map(({ statement }) => statement.sql),
        );
        if (fewest! > 1) expect(planner.failed).toBe(failed);
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);

describe('a universe of hundreds of tables', () => {
  const WIDE = Array.from({ length: 668 }, (_, i) => (i < 465 ? 10 : 9));

  it('stays one statement where one passes, by one dry run', async () => {
    const planner = new ComplexityPlanner(byTables(670));
    const { statements, why, againBytes } = await choose(planner, WIDE);
    expect([statements.length, why, againBytes]).toEqual([1, undefined, undefined]);
    expect(planner.dryRuns).toHaveLength(1);
  });

  it.each([
    [400, 2, 6],
    [300, 3, 48],
    [100, 7, 64],
    [20, 36, 160],
  ])(
    'of %i tables at once takes %i statements, found in at most %i dry runs',
    async (most, count, dryRuns) => {
      const planner = new ComplexityPlanner(byTables(most));
      const known = inMemory();
      const { statements } = await choose(planner, WIDE, { known });
      expect(statements).toHaveLength(count);
      expect(planner.dryRuns.length).toBeLessThanOrEqual(dryRuns);
      // Another pair, whose tables have other names, starts from what is known.
      const before = planner.dryRuns.length;
      const wider = WIDE.map((width) => width + 1);
      const other = await choose(planner, wider, { known });
      expect(other.statements).toHaveLength(count);
      expect(planner.dryRuns.length - before).toBeLessThanOrEqual(dryRuns);
    },
  );

  it('says how many, why, and what reading the keys again costs', async () => {
    const chosen = await choose(new ComplexityPlanner(byTables(300)), WIDE);
    expect(splitNotes(chosen, 6.25)).toEqual([
      {
        kind: 'split statements',
        severity: 3,
        text: expect.stringMatching(/./),
        why: {
          code: 'split_statements',
          facts: {
            statements: 3,
            exceeded: [],
            refusals: ['complexity'],
            againBytes: 20 * 1024 ** 2,
            againUsd: expect.closeTo(0.00012, 5),
          },
        },
      },
    ]);
  });

  it('is given up when nothing helps', async () => {
    await expect(choose(new ComplexityPlanner(byTables(1)), WIDE)).rejects.toMatchObject({
      message: expect.stringContaining('refuses a statement of analytics.targets_eurusd alone'),
    });
    const planner = new ComplexityPlanner(byTables(2));
    await expect(choose(planner, WIDE)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(planner.dryRuns.length).toBeLessThanOrEqual(410);
  });
});

it('keeps to the limits of a statement and to what is refused at once', async () => {
  const planner = new ComplexityPlanner({ table: 0, column: 1, character: 0, most: 70 });
  const { statements, why } = await choose(planner, [20, 20, 20, 20, 20, 20], { limits: { tables: 5 } });
  expect(statements).toHaveLength(2);
  expect(why).toEqual({ exceeded: [{ limit: 'tables', size: 8, most: 5 }], refusals: [] });
  const closer = new ComplexityPlanner({ table: 0, column: 1, character: 0, most: 50 });
  const found = await choose(closer, [20, 20, 20, 20, 20, 20], { limits: { tables: 4 } });
  expect(found.statements).toHaveLength(3);
  expect(found.why?.refusals).toContain('complexity');
});

describe('a table that is refused alone', () => {
  const byColumns = { table: 0, column: 1, character: 0, most: 60 };

  it('is cut into as few pieces as pass', async () => {
    const planner = new ComplexityPlanner(byColumns);
    const { statements, refused } = await choose(planner, [10, 150, 10]);
    expect(refused).toEqual([]);
    expect(columnsOf(statements)).toEqual(
      columnsOf([{ query: queryOf([10, 150, 10]) } as EstimatedStatement]),
    );
    expect(statements.every(({ statement }) => planner.takes(statement))).toBe(true);
    expect(statements).toHaveLength(4);
  });

  it('is left out when a single column of it is refused too, and costs itself alone, every time', async () => {
    const planner = new ComplexityPlanner(byTables(100), ['t1']);
    const known = inMemory();
    for (let time = 0; time < 2; time++) {
      const chosen = await choose(planner, [5, 5, 5], { known });
      expect(chosen.refused.map(({ table: { table: name } }) => name.name)).toEqual(['t1']);
      expect(chosen.statements).toHaveLength(1);
      expect(new Set(columnsOf(chosen.statements).map((id) => id.split('.')[0]))).toEqual(
        new Set(['t0', 't2']),
      );
      expect(splitNotes(chosen, 6.25)).toMatchObject([
        { kind: 'table refused', text: expect.stringMatching(/features\.t1 .*5 columns.*universe\.exclude/) },
      ]);
    }
  });
});

describe('what is known', () => {
  const WIDTHS = Array.from({ length: 12 }, () => 3);

  it('is forgotten after a week: a refusal is no curse', async () => {
    let now = 1_000_000;
    const known = inMemory(() => now);
    const planner = new ComplexityPlanner(byTables(8));
    expect((await choose(planner, WIDTHS, { known })).statements).toHaveLength(2);
    planner.complexity = byTables(1000);
    now += 6 * 86_400_000;
    expect((await choose(planner, WIDTHS, { known })).statements).toHaveLength(2);
    now += 2 * 86_400_000;
    expect((await choose(planner, WIDTHS, { known })).statements).toHaveLength(1);
  });

  it('gives way when the warehouse takes less than before', async () => {
    const known = inMemory();
    const planner = new ComplexityPlanner(byTables(8));
    await choose(planner, WIDTHS, { known });
    planner.complexity = byTables(5);
    const { statements } = await choose(planner, WIDTHS, { known });
    expect(statements.every(({ statement }) => planner.takes(statement))).toBe(true);
    expect(statements).toHaveLength(4);
  });

  it('of a statement that could not be run halves it and leaves the others what they are', async () => {
    const known = inMemory();
    const planner = new ComplexityPlanner(byTables(8));
    const { statements, key } = await choose(planner, WIDTHS, { known });
    known.remember(key, knownSplit(halveStatement(statements, 1)!, 'resources', []));
    const next = await choose(planner, WIDTHS, { known });
    expect(next.statements).toHaveLength(3);
    expect(next.statements[0]!.statement).toEqual(statements[0]!.statement);
    expect(columnsOf(next.statements)).toEqual(columnsOf(statements));
    expect(next.why?.refusals).toEqual(['resources']);
    expect(halveStatement([{ pieces: [wholeTable(table('t', 1))] }], 0)).toBeUndefined();
  });
});
