// A process of its own: builds the tables of a pair and serves them as the fake BigQuery.
import { DuckDBInstance } from '@duckdb/node-api';
import { startFakeBigQuery } from '@onescan/e2e/fake-bigquery/start-fake-bigquery.js';
import { TARGET_HORIZONS, tableWidths } from './packed-shape.mjs';

const { shape, folder, project, features, targets } = JSON.parse(process.argv[2]);
const databasePath = `${folder}/warehouse.duckdb`;
const KEY = "TIMESTAMP '2020-01-01' + to_minutes(i) AS interval_time";
const value = (seed) => `CAST(hash(i * 100003 + ${seed}) % 2000001 AS DOUBLE) / 10000 - 100`;

const instance = await DuckDBInstance.create(databasePath, { memory_limit: '1GB' });
const connection = await instance.connect();
await connection.run(`CREATE SCHEMA ${features}; CREATE SCHEMA ${targets}`);
const from = `FROM range(${shape.rows}) t(i)`;
let seed = 0;
for (const [t, width] of tableWidths(shape.columns, shape.tables).entries()) {
  const columns = Array.from({ length: width }, (_, c) => `${value(++seed)} AS c${c}`);
  await connection.run(
    `CREATE TABLE ${features}.f${t}_eurusd AS SELECT ${[KEY, ...columns].join(', ')} ${from}`,
  );
}
const ofTargets = TARGET_HORIZONS.map((h) => `${value(++seed)} AS target_bqx45_h${h}`);
await connection.run(
  `CREATE TABLE ${targets}.targets_eurusd AS SELECT ${[KEY, ...ofTargets].join(', ')} ${from}`,
);
connection.closeSync();
instance.closeSync();

const fake = await startFakeBigQuery({
  databasePath,
  project,
  resultsPath: `${folder}/results.duckdb`,
  streamBlockRows: 122_880,
  databaseSettings: { memory_limit: '4GB', temp_directory: `${folder}/fake-tmp` },
});
process.send({ url: fake.url, storageAddress: fake.storageAddress });
