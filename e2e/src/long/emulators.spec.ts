import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BigQuery } from '@google-cloud/bigquery';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { openDataset } from '@onescan/dataset/open-dataset.js';
import { DatasetCache } from '@onescan/fetcher/testing/cache/dataset-cache.js';
import { DEFAULT_WAREHOUSE_NAMES as names } from '@onescan/fetcher/testing/catalogue/warehouse-names.js';
import { fetchDataset } from '@onescan/fetcher/testing/fetch/fetch-dataset.js';
import { JobLog } from '@onescan/fetcher/testing/jobs/job-log.js';
import { planPair } from '@onescan/fetcher/testing/planning/plan-pair.js';
import { buildSmallWarehouse, FEATURES, TARGETS } from '@onescan/fetcher/testing/small-warehouse.js';
import type { SqlStrategy } from '@onescan/fetcher/testing/sql/sql-dialect.js';
import { FUTURE_COLUMN_PATTERNS } from '@onescan/fetcher/testing/universe/future-columns.js';
import { BigQueryWarehouse } from '@onescan/fetcher/testing/warehouse/bigquery/bigquery-warehouse.js';
import type { ResultTransport } from '@onescan/fetcher/testing/warehouse/bigquery/result-transport.js';
import { EmbeddedWarehouse } from '@onescan/fetcher/testing/warehouse/embedded/embedded-warehouse.js';
import type { Warehouse } from '@onescan/fetcher/testing/warehouse/warehouse.js';
import { PassThroughClient } from 'google-auth-library';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyTables } from '../emulators/copy-tables.js';
import {
  BQEMULATOR,
  findEmulator,
  GOCCY,
  type RunningEmulator,
  startEmulator,
} from '../emulators/emulator-process.js';
import { readByStorage } from '../emulators/read-by-storage.js';

process.env.METADATA_SERVER_DETECTION = 'none';

const PROJECT = 'bqx-ml';
const LOCATION = 'us-central1';
const RESULTS = 'results';
const BARS = 300;
const ONCE = { attempts: 1, firstDelayMs: 1, maxDelayMs: 1 };
const futurePatterns = FUTURE_COLUMN_PATTERNS.map((pattern) => new RegExp(pattern, 'i'));

const said = (thrown: unknown): [string] => [(thrown as Error).message];

/** A few hours of one pair: emulators take seconds for what BigQuery does not notice. */
const SHRINK = [
  // goccy's has no infinities.
  `UPDATE ${FEATURES}.mkt_vix SET odd = NULL WHERE isinf(odd)`,
  ...['base_idx', 'base_bqx', 'mom'].map((table) => `DROP TABLE ${FEATURES}.${table}_gbpusd`),
  `DROP TABLE ${TARGETS}.targets_gbpusd`,
  ...[
    'base_idx_eurusd',
    'base_bqx_eurusd',
    'mom_eurusd',
    'tri_error',
    'tri_late',
    'mkt_vix',
    'var_usd',
    'csi_usd',
  ]
    .map((table) => `${FEATURES}.${table}`)
    .concat(`${TARGETS}.targets_eurusd`)
    .map(
      (table) => `DELETE FROM ${table} WHERE interval_time >= TIMESTAMP '2020-01-01' + to_minutes(${BARS})`,
    ),
];

describe.each([GOCCY, BQEMULATOR])('$name', (kind) => {
  const found = findEmulator(kind);
  describe.skipIf(!found)(found ? 'is here' : `is not here: set ${kind.variable} or PATH`, () => {
    let folder: string;
    let emulator: RunningEmulator;
    let embedded: EmbeddedWarehouse;
    let client: BigQuery;
    let caches = 0;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'onescan-emulator-'));
      await buildSmallWarehouse(folder, SHRINK);
      emulator = await startEmulator(kind, PROJECT);
      process.env.BIGQUERY_EMULATOR_HOST = emulator.url;
      client = new BigQuery({ projectId: PROJECT, location: LOCATION, authClient: new PassThroughClient() });
      await copyTables(folder, client, LOCATION);
      await client.createDataset(RESULTS, { location: LOCATION });
      embedded = new EmbeddedWarehouse({
        folder,
        names,
        tempFolder: join(folder, 'tmp'),
        memoryLimit: '512MB',
      });
    });
    afterAll(async () => {
      await embedded?.close();
      await emulator?.stop();
      rmSync(folder, { recursive: true });
    });

    function warehouse(results: ResultTransport): Warehouse {
      const planning = bigQuery('rest');
      if (results === 'rest') return planning;
      const { storageAddress } = emulator;
      const facts = { project: PROJECT, location: LOCATION, client, dataset: RESULTS, storageAddress };
      return readByStorage(planning, facts);
    }

    /** As in production. */
    function bigQuery(results: ResultTransport): BigQueryWarehouse {
      process.env.BIGQUERY_STORAGE_EMULATOR_HOST = emulator.storageAddress;
      const place = { project: PROJECT, location: LOCATION, names };
      return new BigQueryWarehouse({ ...place, results, jobTimeoutMs: 300_000, retry: ONCE });
    }

    async function contentOf(source: Warehouse, sqlStrategy: SqlStrategy): Promise<string> {
      const spec = resolveRunSpec(RunSpec.fromPartial({ pairs: ['eurusd'] }));
      const planned = await planPair(source, 'eurusd', spec, { names, futurePatterns, sqlStrategy });
      const cacheFolder = join(folder, `cache${++caches}`);
      const cache = new DatasetCache(cacheFolder);
      const { path } = await fetchDataset(
        { warehouse: source, cache, jobs: new JobLog(join(cacheFolder, 'jobs.jsonl')), pricePerTibUsd: 6.25 },
        {
          planned,
          runId: `run-${caches}`,
          maximumBytesBilled: [10n ** 12n],
          signal: new AbortController().signal,
          onProgress: () => undefined,
        },
      );
      const dataset = await openDataset(path);
      dataset.close();
      expect(dataset.meta.rows).toBe(BARS);
      return dataset.meta.contentSha256;
    }

    it('has no __TABLES__: the catalogue comes by lists and resources of tables', async () => {
      const shape = async (source: Warehouse) =>
        (await source.readCatalogue()).tables.map(({ schema, name, rows, columns }) => ({
          schema,
          name,
          // goccy's tells no rows of empty tables.
          rows: Math.max(0, rows),
          columns: columns.map((column) => `${column.name} ${column.kind}`),
        }));
      expect(await shape(warehouse('rest'))).toEqual(await shape(embedded));
      const [job] = await client.createQueryJob(`SELECT * FROM ${FEATURES}.__TABLES__`).catch(said);
      expect(`${job}`).toMatch(/not found.*__TABLES__/i);
    });

    it('cannot be read by its Storage Read API, which the plan says', async () => {
      await expect(contentOf(bigQuery('storage'), 'pack')).rejects.toMatchObject({
        message: expect.stringMatching(kind.storageRefusal),
        remedy: expect.stringContaining('results=rest'),
      });
    });

    it('has no cost control: nothing is refused for what it would bill', async () => {
      const query = `SELECT COUNT(*) AS n FROM ${TARGETS}.targets_eurusd`;
      const [rows] = await client.query({ query, location: LOCATION, maximumBytesBilled: '1' });
      expect(rows).toHaveLength(1);
    });

    const transports = kind.storageRead ? (['rest', 'storage'] as const) : (['rest'] as const);
    const ways = transports.flatMap((results) => [['pack', results] as const, ['join', results] as const]);
    it.each(ways)(
      'runs our statement with the values of the embedded warehouse: %s, by %s',
      async (strategy, results) => {
        expect(await contentOf(warehouse(results), strategy)).toBe(await contentOf(embedded, strategy));
      },
    );
  });
});
