import { expect, it } from 'vitest';
import type { Statement } from '../warehouse.js';
import type { DryRun } from './bigquery-api.js';
import { estimateStatement } from './estimate-statement.js';

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
