import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { PairPlan, type PlanNote, type Statement } from '@onescan/contract/generated/onescan/v1/plan.js';
import { reasonText } from '@onescan/contract/reasons/reason.js';
import { tableText } from '../catalogue/catalogue.js';
import type { Universe } from '../universe/universe.js';
import type { DatasetIdentity } from './dataset-identity.js';
import type { PlannedPair } from './plan-pair.js';
import { priceOf } from './price.js';
import type { PlannedStatement } from './split-statements.js';

export interface Estimate {
  /** By statement. */
  readonly bytes: readonly bigint[];
  readonly cached: boolean;
  /** The larger dataset that it will be made of. */
  readonly servedFrom?: string;
  readonly pricePerTibUsd: number;
}

/** What a spec asks for within a dataset. */
export interface PlannedWithin {
  readonly wanted: DatasetIdentity;
  readonly universe: Universe;
  readonly notes: readonly PlanNote[];
}

/** The plan of a pair as it goes over the wire. */
export function pairPlan(planned: PlannedPair, estimate: Estimate): PairPlan {
  const { universe, statements } = planned;
  const bytes = estimate.bytes.reduce((sum, each) => sum + each, 0n);
  return {
    pair: planned.pair,
    datasetId: planned.datasetId,
    statements: statements.map((statement, i) => statementPlan(statement, estimate.bytes[i]!)),
    tables: universe.tables.length,
    columns: universe.columns.length,
    ...judged(universe),
    targets: statements[0]!.query.targets!.columns.length,
    rows: planned.rows,
    bytes,
    usd: priceOf(bytes, estimate.pricePerTibUsd),
    cached: estimate.cached,
    notes: [...planned.notes],
    perPairBytes: 0n,
    perPairStatements: 0,
    strategies: [],
    catalogueSha256: '',
    periodRows: planned.periodRows ?? 0,
    days: planned.days ?? 0,
    dayRows: planned.dayRows ?? 0,
    servedFrom: estimate.servedFrom ?? '',
  };
}

/** The plan of a pair within a dataset that is there: nothing is read and nothing is paid. */
export function pairPlanWithin(
  { wanted, universe, notes }: PlannedWithin,
  { datasetId, servedFrom }: { datasetId: string; servedFrom: string },
): PairPlan {
  return PairPlan.fromPartial({
    pair: wanted.pair,
    datasetId,
    tables: universe.tables.length,
    columns: universe.columns.length,
    ...judged(universe),
    targets: wanted.targets?.horizons.length ?? 0,
    rows: wanted.sample.sources[0]!.rows,
    cached: true,
    servedFrom,
    notes: [...notes],
  });
}

function judged({ columns }: Universe): Pick<PairPlan, 'includedColumns' | 'exclusions'> {
  const excluded = columns.filter((column) => column.exclusion !== undefined);
  return {
    includedColumns: columns.length - excluded.length,
    exclusions: excluded.map(({ featureId, exclusion }) => ({
      featureId,
      stage: 'plan',
      reason: reasonText(exclusion!),
      why: exclusion,
    })),
  };
}

/** A statement with its estimate, which is also the limit that it runs with. */
export function statementPlan({ query, statement }: PlannedStatement, bytes: bigint): Statement {
  const features = query.tables.reduce((sum, table) => sum + table.numbers.length + table.texts.length, 0);
  return {
    sqlSha256: sha256Hex(statement.sql),
    sqlBytes: BigInt(Buffer.byteLength(statement.sql)),
    bytes,
    maximumBytesBilled: bytes,
    columns: features + (query.targets?.columns.length ?? 0),
    tables: new Set(statement.reads.map(({ table }) => tableText(table))).size,
  };
}
