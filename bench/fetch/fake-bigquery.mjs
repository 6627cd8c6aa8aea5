// A process of its own: builds the tables of a pair and serves them as the fake BigQuery.
import { startFakeBigQuery } from '@onescan/e2e/testing/fake-bigquery/start-fake-bigquery.js';
import { buildWideWarehouse } from '@onescan/e2e/testing/wide-warehouse/build-wide-warehouse.js';

const { shape, folder, project, features, targets } = JSON.parse(process.argv[2]);
const databasePath = `${folder}/warehouse.duckdb`;
await buildWideWarehouse(databasePath, shape, { features, targets });
const fake = await startFakeBigQuery({
  databasePath,
  project,
  resultsPath: `${folder}/results.duckdb`,
  streamBlockRows: 122_880,
  databaseSettings: { memory_limit: '4GB', temp_directory: `${folder}/fake-tmp` },
});
process.send({ url: fake.url, storageAddress: fake.storageAddress });
