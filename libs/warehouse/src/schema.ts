/** Schema of the feature tables, the same name as the BigQuery dataset. */
export const FEATURE_SCHEMA = 'bqx_ml_v3_features_v2';

/** Schema of the targets tables, a different one as in BigQuery. */
export const TARGET_SCHEMA = 'bqx_ml_v3_analytics_v2';

/** Key column of every table except the market summary. */
export const KEY_COLUMN = 'interval_time';

/** File names inside a warehouse directory. */
export const DATABASE_FILE = 'warehouse.duckdb';
export const MANIFEST_FILE = 'warehouse.json';

/** Name under which the build attaches the database that it writes. */
export const ATTACHED = 'wh';
