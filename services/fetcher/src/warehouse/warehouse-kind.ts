import type { FlagTable, FlagValues } from '@onescan/process/service/flag-table.js';
import type { WarehouseNames } from '../catalogue/warehouse-names.js';
import type { DialectTraits } from '../sql/sql-dialect.js';
import type { StatementLimits } from '../sql/statement-limits.js';
import type { MetadataQuery } from './metadata-query.js';
import type { Warehouse } from './warehouse.js';

/** A kind of warehouse: all that Onescan knows of it before one is open. */
export interface WarehouseKind {
  /** As plans name it. */
  readonly kind: string;
  /** What a value of --warehouse begins with that names one, e.g. "bigquery:"; empty for the kind of plain paths. */
  readonly prefix: string;
  /** A value of --warehouse and what it stands for, for help. */
  readonly address: readonly [example: string, meaning: string];
  readonly dialect: DialectTraits;
  /** Default price in US dollars per TiB of billed bytes. */
  readonly pricePerTibUsd: number;
  readonly limits: StatementLimits;
  /** Who sends a bill for what is fetched; undefined when nobody does. No statement is run then that nobody approved. */
  readonly biller?: string;
  /** Flags that no other kind has. */
  readonly flags: FlagTable;
  /**
   * Reads an address and its flags.
   *
   * @param address the value of --warehouse without the prefix
   * @throws OnescanError INVALID_ARGUMENT naming the flag
   */
  choose(address: string, flags: FlagValues<FlagTable>): ChosenWarehouse;
}

/** A warehouse that flags name. */
export interface ChosenWarehouse {
  /** As --warehouse would name it, paths absolute. */
  readonly address: string;
  /** What its flags say. */
  readonly settings: object;
  /** @throws OnescanError NOT_FOUND when there is none */
  open(surroundings: WarehouseSurroundings): Promise<Warehouse>;
}

/** What every warehouse is opened with. */
export interface WarehouseSurroundings {
  readonly names: WarehouseNames;
  /** Where a warehouse may keep what is gone when it is closed. */
  readonly tempFolder: string;
  /** DuckDB's buffer limit of a statement, e.g. "1GB". */
  readonly memoryLimit: string;
  /** Told of every metadata query that is billed, once when it starts and once when it has ended. */
  onMetadata(query: MetadataQuery): void;
}
