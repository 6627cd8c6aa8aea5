import type { FeatureFate } from '@onescan/learn';
import { gapBeyondDoubles } from '@onescan/shared/dataset/beyond-doubles.js';
import type { DatasetColumn } from '@onescan/shared/dataset/dataset.js';
import { type LedgerRow, LedgerStatus } from '@onescan/shared/generated/onescan/v1/result.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';

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
  const { featureId, group, exclusionStage, exclusionReason } = column;
  return {
    runId,
    pair,
    horizon,
    featureId,
    group,
    status: LedgerStatus.LEDGER_STATUS_EXCLUDED,
    stage: exclusionStage,
    reason: exclusionReason,
    rowsExplained: 0,
  };
}

function fateRow(input: LedgerInput, column: DatasetColumn, fate: FeatureFate): LedgerRow {
  const { runId, pair, horizon, rowsExplained } = input;
  const { status, stage, reason, selectionFrequency, importance, shapMeanAbs, rank } = fate;
  return {
    runId,
    pair,
    horizon,
    featureId: column.featureId,
    group: column.group,
    status: LedgerStatus[`LEDGER_STATUS_${status}`],
    stage,
    reason: status === 'PRUNED' ? `${reason}${precisionNote(column)}` : reason,
    ...(selectionFrequency === undefined ? {} : { selectionFrequency }),
    ...(importance === undefined ? {} : { importance }),
    ...(shapMeanAbs === undefined ? {} : { shapMeanAbs }),
    ...(rank === undefined ? {} : { rank }),
    rowsExplained: shapMeanAbs === undefined ? 0 : rowsExplained,
  };
}

/** A column may look the same because its values were too long for doubles. */
function precisionNote(column: DatasetColumn): string {
  const gap = gapBeyondDoubles(column);
  if (gap === undefined) return '';
  return `; its ${column.type} values reach beyond 2^53, where doubles are ${gap.toLocaleString('en')} apart: what lies between was rounded`;
}
