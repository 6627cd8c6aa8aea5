/** Names that differ between warehouses. */
export interface WarehouseNames {
  /** Schema (BigQuery: dataset) of the feature tables. */
  featureSchema: string;
  /** Schema of the targets tables. */
  targetSchema: string;
  /** Column of type TIMESTAMP, unique in every table. */
  keyColumn: string;
  /** Targets table of a pair; {pair} stands for the pair. */
  targetsTable: string;
  /** Table and column with closing prices (any scale), from which the known part of targets is computed. */
  closesTable: string;
  closesColumn: string;
}

export const DEFAULT_WAREHOUSE_NAMES: WarehouseNames = {
  featureSchema: 'bqx_ml_v3_features_v2',
  targetSchema: 'bqx_ml_v3_analytics_v2',
  keyColumn: 'interval_time',
  targetsTable: 'targets_{pair}',
  closesTable: 'base_idx_{pair}',
  closesColumn: 'close_idx',
};
