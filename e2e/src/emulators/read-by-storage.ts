import type { BigQuery } from '@google-cloud/bigquery';
import type { BigQueryWarehouse } from '@onescan/fetcher/testing/warehouse/bigquery/bigquery-warehouse.js';
import { StorageReader } from '@onescan/fetcher/testing/warehouse/bigquery/storage/storage-reader.js';
import type { Warehouse } from '@onescan/fetcher/testing/warehouse/warehouse.js';

const ONCE = { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 };

export interface StorageReading {
  readonly project: string;
  readonly location: string;
  readonly client: BigQuery;
  /** Dataset for results, which is there: its Storage Read API does not find anonymous ones. */
  readonly dataset: string;
  readonly storageAddress: string;
}

/** Plans as `planning` does, and reads results by an emulator's Storage Read API from tables that it creates. */
export function readByStorage(planning: BigQueryWarehouse, reading: StorageReading): Warehouse {
  const { project, location, client, dataset, storageAddress } = reading;
  return {
    kind: 'bigquery',
    name: planning.name,
    dialect: planning.dialect,
    limits: planning.limits,
    countsWholeDays: true,
    readCatalogue: () => planning.readCatalogue(),
    countDays: (table, range) => planning.countDays(table, range),
    findDoubledKeys: async () => [],
    dryRun: (statement) => planning.dryRun(statement),
    run: async ({ sql }, { jobId }) => {
      const table = { projectId: project, datasetId: dataset, tableId: jobId.replaceAll('-', '_') };
      const name = `\`${project}\`.\`${dataset}\`.\`${table.tableId}\``;
      await client.query({ query: `CREATE TABLE ${name} AS ${sql}`, location });
      const [[count]] = await client.query({ query: `SELECT COUNT(*) AS n FROM ${name}`, location });
      const reader = new StorageReader(project, ONCE, { emulator: storageAddress });
      return { batches: reader.read(table, Number((count as { n: unknown }).n)), bytesBilled: () => 0n };
    },
    close: async () => undefined,
  };
}
