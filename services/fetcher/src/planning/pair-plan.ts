import { sha256Hex } from '@onescan/shared/canonical-json.js';
import type { PairPlan } from '@onescan/shared/generated/onescan/v1/plan.js';
import type { PlannedPair } from './plan-pair.js';
import { priceOf } from './price.js';

/** The plan of a pair as it goes over the wire. */
export function pairPlan(
  planned: PlannedPair,
  estimate: { bytes: bigint; cached: boolean; pricePerTibUsd: number },
): PairPlan {
  const { universe, query, statement } = planned;
  const excluded = universe.columns.filter((column) => column.exclusionReason !== undefined);
  const included = universe.columns.length - excluded.length;
  return {
    pair: planned.pair,
    datasetId: planned.datasetId,
    statements: [
      {
        sqlSha256: sha256Hex(statement.sql),
        sqlBytes: BigInt(Buffer.byteLength(statement.sql)),
        bytes: estimate.bytes,
        maximumBytesBilled: estimate.bytes,
        columns: included + query.targets.columns.length,
        tables: new Set(statement.reads.map(({ table }) => `${table.schema}.${table.name}`)).size,
      },
    ],
    tables: universe.tables.length,
    columns: universe.columns.length,
    includedColumns: included,
    exclusions: excluded.map(({ featureId, exclusionReason }) => ({
      featureId,
      stage: 'plan',
      reason: exclusionReason!,
    })),
    targets: query.targets.columns.length,
    rows: planned.rows,
    bytes: estimate.bytes,
    usd: priceOf(estimate.bytes, estimate.pricePerTibUsd),
    cached: estimate.cached,
    notes: [...planned.notes],
    perPairBytes: 0n,
    perPairStatements: 0,
    strategies: [],
    catalogueSha256: '',
  };
}
