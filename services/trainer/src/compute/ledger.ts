import { type LedgerRow, LedgerStatus } from '@onescan/contract/generated/onescan/v1/result.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Reason } from '@onescan/contract/reasons/reason.js';
import { gapBeyondDoubles } from '@onescan/dataset/beyond-doubles.js';
import type { DatasetColumn } from '@onescan/dataset/dataset.js';
import type { FeatureFate, ProductFate } from '@onescan/learn';

/** Group of products in the ledger; no table of a warehouse is in it. */
const PRODUCTS_GROUP = 'products';

export interface LedgerInput {
  runId: string;
  pair: string;
  horizon: number;
  /** The whole universe in stable order. */
  columns: readonly DatasetColumn[];
  /** What became of the included columns, in matrix order. */
  fates: readonly FeatureFate[];
  /** Retained products of two features. */
  products: readonly ProductFate[];
  rowsExplained: number;
}

/**
 * One row for every feature of the universe, included or not, in the universe's order, and one for every retained product.
 *
 * @throws OnescanError INTERNAL when there is not exactly one fate for each included column
 */
export function ledgerRows(input: LedgerInput): LedgerRow[] {
  const included = input.columns.filter((column) => column.included).length;
  if (included !== input.fates.length) {
    throw new OnescanError('INTERNAL', `${input.fates.length} fates for ${included} included features`);
  }
  let position = 0;
  const features = input.columns.map((column) =>
    column.included ? fateRow(input, column, input.fates[position++]!) : excludedRow(input, column),
  );
  const products = input.products.map((fate) => {
    const { name, why, remark } = fate;
    return rowOf(input, fate, { featureId: name, group: PRODUCTS_GROUP, why, remark });
  });
  return [...features, ...products];
}

function excludedRow({ runId, pair, horizon }: LedgerInput, column: DatasetColumn): LedgerRow {
  const { featureId, group, exclusionStage, exclusion } = column;
  return {
    runId,
    pair,
    horizon,
    featureId,
    group,
    status: LedgerStatus.LEDGER_STATUS_EXCLUDED,
    stage: exclusionStage,
    reason: '',
    ...(exclusion === undefined ? {} : { why: exclusion }),
    rowsExplained: 0,
  };
}

function fateRow(input: LedgerInput, column: DatasetColumn, fate: FeatureFate): LedgerRow {
  const { featureId, group } = column;
  const remark: Reason | undefined =
    fate.remark ?? (fate.status === 'PRUNED' ? precisionRemark(column) : undefined);
  return rowOf(input, fate, { featureId, group, why: fate.why, remark });
}

interface NamedRow {
  featureId: string;
  group: string;
  why: Reason;
  remark: Reason | undefined;
}

function rowOf(
  { runId, pair, horizon, rowsExplained }: LedgerInput,
  { status, stage, selectionFrequency, importance, shapMeanAbs, rank }: FeatureFate,
  { featureId, group, why, remark }: NamedRow,
): LedgerRow {
  return {
    runId,
    pair,
    horizon,
    featureId,
    group,
    status: LedgerStatus[`LEDGER_STATUS_${status}`],
    stage,
    reason: '',
    why,
    ...(remark === undefined ? {} : { remark }),
    ...(selectionFrequency === undefined ? {} : { selectionFrequency }),
    ...(importance === undefined ? {} : { importance }),
    ...(shapMeanAbs === undefined ? {} : { shapMeanAbs }),
    ...(rank === undefined ? {} : { rank }),
    rowsExplained: shapMeanAbs === undefined ? 0 : rowsExplained,
  };
}

/** A column may look the same because its values were too long for doubles. */
function precisionRemark(column: DatasetColumn): Reason | undefined {
  const gap = gapBeyondDoubles(column);
  return gap === undefined ? undefined : { code: 'beyond_doubles', facts: { type: column.type, gap } };
}
