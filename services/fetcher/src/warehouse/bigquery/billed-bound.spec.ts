import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TableRead } from '../warehouse.js';
import { billedBound } from './billed-bound.js';

const MIB = 1024n * 1024n;
const read = (name: string, range = {}): TableRead => ({ table: { schema: 's', name }, columns: [], range });

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
