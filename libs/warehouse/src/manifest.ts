import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { BarReader } from './bars/bar-reading.js';
import type { TableGroup } from './plan/build-step.js';
import { DATABASE_FILE, MANIFEST_FILE } from './schema.js';
import type { PlantedEffect } from './simulation/planted-effects.js';
import type { UniverseName } from './universe-shape.js';

/** Raised when the meaning of the files in a warehouse directory changes. */
export const WAREHOUSE_FORMAT = 1;

export interface GroupCounts {
  readonly tables: number;
  /** Columns without the key, over all tables of the group. */
  readonly columns: number;
}

/** `warehouse.json`: what a warehouse holds and what it was made from. */
export interface WarehouseManifest {
  readonly formatVersion: number;
  readonly name: string;
  readonly universe: UniverseName;
  readonly source:
    | {
        readonly kind: 'folder';
        readonly path: string;
        /** How the files were read. */
        readonly reading: BarReader['named'];
        readonly sha256: Readonly<Record<string, string>>;
      }
    | { readonly kind: 'simulation'; readonly seed: string; readonly bars: number; readonly effect: number };
  /** SHA-256 of everything that determines the content: bars, pairs, universe and every SQL statement. */
  readonly inputsSha256: string;
  /** Pairs with tables of their own. */
  readonly pairs: readonly string[];
  /** Pairs whose bars the shared tables use; `missingPairs` had none. */
  readonly barPairs: readonly string[];
  readonly missingPairs: readonly string[];
  readonly rows: Readonly<Record<string, number>>;
  readonly firstTime: string;
  readonly lastTime: string;
  readonly groups: Readonly<Partial<Record<TableGroup, GroupCounts>>>;
  /** Feature columns that a run on the pair finds: its own, and those shared by all. */
  readonly columnsOfPair: Readonly<Record<string, number>>;
  readonly plantedEffects: readonly PlantedEffect[];
  /** Faults planted on purpose by a test; absent in every warehouse that was only built. */
  readonly traps?: readonly string[];
  readonly databaseBytes: number;
}

/**
 * The manifest of a directory, or undefined when it holds no finished warehouse: no manifest, no database, or a
 * database that is not the one the manifest describes.
 *
 * @throws OnescanError FAILED_PRECONDITION when the manifest is not JSON
 */
export function findManifest(directory: string): WarehouseManifest | undefined {
  const file = join(directory, MANIFEST_FILE);
  const database = join(directory, DATABASE_FILE);
  if (!existsSync(file) || !existsSync(database)) return undefined;
  let manifest: WarehouseManifest;
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8')) as WarehouseManifest;
  } catch (cause) {
    throw new OnescanError('FAILED_PRECONDITION', `${file} is not a warehouse manifest`, {
      remedy: 'Delete it and build the warehouse again',
      cause,
    });
  }
  if (manifest.formatVersion !== WAREHOUSE_FORMAT) return undefined;
  return statSync(database).size === manifest.databaseBytes ? manifest : undefined;
}

/**
 * The manifest of a finished warehouse.
 *
 * @throws OnescanError NOT_FOUND when the directory holds none
 */
export function readManifest(directory: string): WarehouseManifest {
  const manifest = findManifest(directory);
  if (manifest !== undefined) return manifest;
  throw new OnescanError('NOT_FOUND', `${directory} holds no finished warehouse`, {
    remedy: 'Build one with: onescan warehouse build --bars DIR --out DIR',
    details: { directory },
  });
}
