import { type LedgerRow, LedgerStatus } from '@onescan/contract/generated/onescan/v1/result.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Reason } from '@onescan/contract/reasons/reason.js';
import { gapBeyondDoubles } from '@onescan/dataset/beyond-doubles.js';
import type { DatasetColumn } from '@onescan/dataset/dataset.js';
import type { FeatureFate } from '@onescan/learn';

export interface LedgerInput {
  runId: string;
  pair: string;
  horizon: number;
  /** The whole universe in stable order. */
  columns: readonly DatasetColumn[];
  /** What became of the included columns, in matrix order. */
  fates: readonly FeatureFate[];
  rowsExplained: number;
}

/**
 * One row for every feature of the universe, included or not, in the universe's order.
 *
 * @throws OnescanError INTERNAL when there is not exactly one fate for each included column
 */
export function ledgerRows(input: LedgerInput): LedgerRow[] {
  const included = input.columns.filter((column) => column.included).length;
  if (included !== input.fates.length) {
    throw new OnescanError('INTERNAL', `${input.fates.length} fates for ${included} included features`);
  }
  let position = 0;
  return input.columns.map((column) =>
    column.included ? fateRow(input, column, input.fates[position++]!) : excludedRow(input, column),
  );
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
  const { runId, pair, horizon, rowsExplained } = input;
  const { status, stage, selectionFrequency, importance, shapMeanAbs, rank } = fate;
  const why: Reason = fate.why;
  const remark: Reason | undefined =
    fate.remark ?? (status === 'PRUNED' ? precisionRemark(column) : undefined);
  return {
    runId,
    pair,
    horizon,
    featureId: column.featureId,
    group: column.group,
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
