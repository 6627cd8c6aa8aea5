import { canonicalJson, sha256Hex } from '@onescan/shared/canonical-json.js';
import { DATASET_FORMAT_VERSION, SHARED_FORMAT_VERSION } from '@onescan/shared/dataset/dataset.js';
import { MAX_ORDINAL_TEXTS } from '@onescan/shared/dataset/judge-columns.js';
import type { Universe } from '../universe/universe.js';
import { type Catalogue, tableText } from '../warehouse/warehouse.js';
import type { PlannedStatement } from './split-statements.js';

/** Canonical JSON of everything that determines a dataset; its SHA-256 is the dataset's id. */
export function datasetIdentity(facts: {
  catalogue: Catalogue;
  pair: string;
  universe: Universe;
  statements: readonly PlannedStatement[];
  rows: number;
  /** Of the dataset that it refers to. */
  sharedDatasetId?: string;
}): string {
  const { catalogue, pair, universe, statements } = facts;
  const reads = statements.flatMap(({ statement }) => statement.reads);
  const read = new Set(reads.map(({ table }) => tableText(table)));
  const { targets } = statements[0]!.query;
  const isPlain = targets !== undefined && facts.sharedDatasetId === undefined;
  const hashes = statements.map(({ statement }) => sha256Hex(statement.sql));
  return canonicalJson({
    format: isPlain ? DATASET_FORMAT_VERSION : SHARED_FORMAT_VERSION,
    shared: facts.sharedDatasetId,
    pair,
    sqlSha256: hashes.length === 1 ? hashes[0] : hashes,
    rows: facts.rows,
    targetWindow: targets?.window,
    horizons: targets?.columns.map(({ horizon }) => horizon),
    columnsSha256: sha256Hex(
      canonicalJson(
        universe.columns.map((c) => [c.featureId, c.group, c.column.type, c.exclusionReason ?? '']),
      ),
    ),
    maxOrdinalTexts: MAX_ORDINAL_TEXTS,
    tables: catalogue.tables
      .filter((table) => read.has(tableText(table)))
      .map((table) => [
        tableText(table),
        table.rows,
        table.minKey ?? null,
        table.maxKey ?? null,
        ...(table.version === undefined ? [] : [table.version]),
      ]),
    warehouse: catalogue.fingerprint,
  });
}
