import { resolve } from 'node:path';
import { BIGQUERY_LIMITS, BIGQUERY_PRICE_PER_TIB_USD } from '../bigquery/published-terms.js';
import { duckdbDialect } from '../duckdb/duckdb-dialect.js';
import type { WarehouseKind } from '../warehouse-kind.js';
import { EmbeddedWarehouse } from './embedded-warehouse.js';

/** A folder with a DuckDB file. It has the limits and the price of BigQuery, to show what a run there would do. */
export const embeddedKind: WarehouseKind = {
  kind: 'embedded',
  prefix: '',
  address: ['FOLDER', 'folder of an embedded warehouse ([the embedded warehouse](warehouse.md))'],
  dialect: duckdbDialect,
  pricePerTibUsd: BIGQUERY_PRICE_PER_TIB_USD,
  limits: BIGQUERY_LIMITS,
  flags: {},
  choose(path) {
    const folder = resolve(path);
    return {
      address: folder,
      settings: { folder },
      open: async ({ names, tempFolder, memoryLimit }) =>
        new EmbeddedWarehouse({ folder, names, tempFolder, memoryLimit }),
    };
  },
};
