import { resolve } from 'node:path';
import { textOf } from '@onescan/process/service/flag-kinds.js';
import { type FlagValues, flagNotAllowed } from '@onescan/process/service/flag-table.js';
import { BIGQUERY_LIMITS } from '../bigquery/published-terms.js';
import { duckdbDialect } from '../duckdb/duckdb-dialect.js';
import type { ChosenWarehouse, WarehouseKind } from '../warehouse-kind.js';
import { bucketLocation, readBucket } from './bucket-store.js';
import { folderLocation, type LakeLocation } from './lake-store.js';
import { LakeWarehouse } from './lake-warehouse.js';

const LAKE_FLAGS = {
  httpfs: {
    kind: textOf(/^.+$/, 'FILE', 'a file'),
    unset: 'the installed one',
    doc: "file of DuckDB's extension httpfs, which reads lakes in buckets",
  },
} as const;

/** Parquet files in a folder or a bucket. Nobody sends a bill to us for reading them; `--price-per-tib` says what it is worth. */
export const lakeKind: WarehouseKind = {
  kind: 'lake',
  prefix: 'lake:',
  address: [
    'lake:FOLDER, lake:s3://BUCKET/PREFIX or lake:gs://BUCKET/PREFIX',
    'Parquet files in a folder or a bucket ([the lake](warehouse.md))',
  ],
  dialect: duckdbDialect,
  pricePerTibUsd: 0,
  limits: BIGQUERY_LIMITS,
  flags: LAKE_FLAGS,
  choose,
};

function choose(path: string, { httpfs }: FlagValues<typeof LAKE_FLAGS>): ChosenWarehouse {
  const bucket = readBucket(path);
  if (path === '' || (path.includes('://') && !bucket)) {
    throw flagNotAllowed('--warehouse', `lake:${path}`, lakeKind.address[0]);
  }
  return chosen(bucket ? bucketLocation(bucket, httpfs) : folderLocation(resolve(path)));
}

function chosen(location: LakeLocation): ChosenWarehouse {
  return {
    address: `lake:${location.root}`,
    settings: { folder: location.root },
    open: async ({ names, tempFolder, memoryLimit }) => {
      const warehouse = new LakeWarehouse({ location, names, tempFolder, memoryLimit });
      try {
        await warehouse.requireThere();
        return warehouse;
      } catch (thrown) {
        await warehouse.close();
        throw thrown;
      }
    },
  };
}
