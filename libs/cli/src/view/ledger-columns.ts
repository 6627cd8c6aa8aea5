import { formatKnown } from '@onescan/contract/format/unknown.js';
import { type LedgerRow, LedgerStatus } from '@onescan/contract/generated/onescan/v1/result.js';
import { ledgerText } from '@onescan/contract/reasons/ledger-text.js';
import { storedFacts } from '@onescan/contract/reasons/reason.js';
import type { TableColumn } from '../output/table.js';

/** RETAINED, PRUNED or EXCLUDED. */
export function ledgerStatusName(status: LedgerStatus): string {
  return (LedgerStatus[status] ?? 'UNRECOGNIZED').replace('LEDGER_STATUS_', '');
}

/** The ledger as a table for people. */
export const LEDGER_COLUMNS: readonly TableColumn<LedgerRow>[] = [
  { title: 'pair', text: (row) => row.pair },
  { title: 'horizon', text: (row) => String(row.horizon), align: 'right' },
  { title: 'feature', text: (row) => row.featureId },
  { title: 'status', text: (row) => ledgerStatusName(row.status) },
  { title: 'stage', text: (row) => row.stage },
  {
    title: 'frequency',
    text: (row) => formatKnown(row.selectionFrequency ?? Number.NaN, (share) => share.toFixed(2)),
    align: 'right',
  },
  {
    title: 'mean |SHAP|',
    text: (row) => formatKnown(row.shapMeanAbs ?? Number.NaN, (mean) => mean.toPrecision(3)),
    align: 'right',
  },
  { title: 'rank', text: (row) => String(row.rank ?? '-'), align: 'right' },
  { title: 'reason', text: (row) => ledgerText(row) },
];

/** Titles of the CSV, one a field of {@link ledgerCsvFields}. */
export const LEDGER_CSV_TITLES: readonly string[] = [
  'run_id',
  'pair',
  'horizon',
  'feature_id',
  'group',
  'status',
  'stage',
  'reason',
  'selection_frequency',
  'importance',
  'shap_mean_abs',
  'rank',
  'rows_explained',
  'reason_code',
  'facts',
  'remark_code',
  'remark_facts',
];

/** One ledger row as CSV fields; what the feature never reached is empty. */
export function ledgerCsvFields(row: LedgerRow): (string | number | undefined)[] {
  return [
    row.runId,
    row.pair,
    row.horizon,
    row.featureId,
    row.group,
    ledgerStatusName(row.status),
    row.stage,
    ledgerText(row),
    row.selectionFrequency,
    row.importance,
    row.shapMeanAbs,
    row.rank,
    row.rowsExplained,
    row.why?.code,
    row.why && storedFacts(row.why),
    row.remark?.code,
    row.remark && storedFacts(row.remark),
  ];
}
