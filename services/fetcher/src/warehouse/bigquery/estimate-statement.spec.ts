import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Statement, TableRead } from '../warehouse.js';
import type { DryRun } from './bigquery-api.js';
import { billedBound, estimateStatement } from './estimate-statement.js';

const MIB = 1024n * 1024n;
const table = (name: string) => ({ schema: 'features', name });
const statement: Statement = {
  sql: 'SELECT 1',
  reads: [table('plain'), table('view')].map((each) => ({ table: each, columns: [], range: {} })),
};

function estimate(tables: readonly string[], accuracy = 'PRECISE') {
  const answer: DryRun = {
    bytes: 0n,
    tables: tables.map((tableId) => ({ projectId: 'p', datasetId: 'features', tableId })),
    accuracy,
  };
  const snapshot = { rowsOf: ({ name }: { name: string }) => (name === 'plain' ? 10 : -1) };
  return estimateStatement({ project: 'p', dryRun: async () => answer }, statement, snapshot);
}

it('allows the minimum for the tables below views too', async () => {
  expect(await estimate(['plain'])).toEqual({ bytes: 20n * MIB });
  expect(await estimate(['plain', 'raw_1', 'raw_2', 'raw_3'])).toEqual({ bytes: 50n * MIB });
  expect(await estimate([])).toEqual({ bytes: 20n * MIB });
});

it('counts them against the tables that a query may have', async () => {
  const many = Array.from({ length: 1001 }, (_, i) => `raw_${i}`);
  await estimate(many.slice(1));
  await expect(estimate(many)).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringContaining('reads 1001 tables'),
  });
});

it('tells an estimate that is no bound', async () => {
  expect((await estimate(['plain'], 'UPPER_BOUND')).accuracy).toBeUndefined();
  expect((await estimate(['plain'], 'LOWER_BOUND')).accuracy).toBe('LOWER_BOUND');
});

describe('billedBound', () => {
  const read = (name: string, range = {}): TableRead => ({
    table: { schema: 's', name },
    columns: [],
    range,
  });

  /** What BigQuery bills for tables of which so many bytes are read. */
  function billed(bytes: readonly bigint[]): bigint {
    return bytes.reduce((sum, b) => sum + (b < 10n * MIB ? 10n * MIB : ((b + MIB - 1n) / MIB) * MIB), 0n);
  }

  it('is never below what is billed, and close when tables are large', () => {
    const table = fc.record({ rows: fc.nat(3_000_000), extra: fc.nat(400_000_000) });
    fc.assert(
      fc.property(fc.array(table, { minLength: 1, maxLength: 20 }), (tables) => {
        const bytes = tables.map(({ rows, extra }) => BigInt(rows) * 8n + BigInt(extra));
        const processed = bytes.reduce((sum, b) => sum + b, 0n);
        const rowsOf = ({ name }: { name: string }): number => tables[Number(name)]!.rows;
        const bound = billedBound(
          processed,
          tables.map((_, i) => read(String(i))),
          rowsOf,
        );
        expect(bound).toBeGreaterThanOrEqual(billed(bytes));
        if (tables.every(({ rows }) => rows > 1_400_000)) {
          expect(bound - billed(bytes)).toBeLessThanOrEqual(MIB * BigInt(tables.length + 1));
        }
      }),
    );
  });

  it('allows every table its whole minimum when only days are read, once however often it is named', () => {
    const reads = [read('a', { days: ['2020-01-01'] }), read('b', { from: 1 }), read('b', { from: 1 })];
    expect(billedBound(5n * MIB, reads, () => 2_000_000)).toBe(25n * MIB);
  });
});
