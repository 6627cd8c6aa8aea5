import { resolve } from 'node:path';
import { flagNotAllowed } from '@onescan/process/service/flag-table.js';
import { BIGQUERY_LIMITS } from '../bigquery/published-terms.js';
import { duckdbDialect } from '../duckdb/duckdb-dialect.js';
import type { WarehouseKind } from '../warehouse-kind.js';
import { listLake } from './lake-files.js';
import { LakeWarehouse } from './lake-warehouse.js';

/** A folder of Parquet files. Nobody sends a bill for reading it; `--price-per-tib` says what it is worth. */
export const lakeKind: WarehouseKind = {
  kind: 'lake',
  prefix: 'lake:',
  address: ['lake:FOLDER', 'folder of Parquet files ([the lake](warehouse.md))'],
  dialect: duckdbDialect,
  pricePerTibUsd: 0,
  limits: BIGQUERY_LIMITS,
  flags: {},
  choose(path) {
    if (path === '' || path.includes('://')) {
      const allowed = 'lake:FOLDER on this machine (buckets are not read: copy or mount one)';
      throw flagNotAllowed('--warehouse', `lake:${path}`, allowed);
    }
    const folder = resolve(path);
    return {
      address: `lake:${folder}`,
      settings: { folder },
      open: async ({ names, tempFolder, memoryLimit }) => {
        await listLake(folder, names);
        return new LakeWarehouse({ folder, names, tempFolder, memoryLimit });
      },
    };
  },
};
