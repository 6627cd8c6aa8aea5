import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatCount } from '@onescan/contract/format/count.js';
import { shownLine } from '@onescan/contract/format/shown-text.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import { PairPlan, type Plan, type SharedPlan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { reasonMeaning } from '@onescan/contract/reasons/reason.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { overBudget } from './over-budget.js';
import { planMoney } from './plan-money.js';
import { planNotes } from './plan-notes.js';
import { sharedSaving } from './shared-saving.js';
import { statementsToRun } from './statements-to-run.js';

/** Reasons for exclusion that are named for a pair. */
const REASONS = 3;

const COUNT = new Intl.NumberFormat('en-US');

const PAIR_COLUMNS: readonly TableColumn<PairPlan>[] = [
  { title: 'pair', text: (pair) => pair.pair },
  { title: 'statements', text: (pair) => statements(pair), align: 'right' },
  { title: 'tables', text: (pair) => COUNT.format(pair.tables), align: 'right' },
  { title: 'columns', text: (pair) => COUNT.format(pair.columns), align: 'right' },
  { title: 'tested', text: (pair) => COUNT.format(pair.includedColumns), align: 'right' },
  { title: 'targets', text: (pair) => COUNT.format(pair.targets), align: 'right' },
  { title: 'rows', text: (pair) => COUNT.format(pair.rows), align: 'right' },
  { title: 'bytes', text: (pair) => (pair.cached ? '0 B' : formatBytes(pair.bytes)), align: 'right' },
  { title: 'cost', text: (pair) => formatUsd(pair.cached ? 0 : pair.usd), align: 'right' },
];

/** The plan for people: a line a pair, totals, the naive way beside them, budget, warnings. */
export function planText(plan: Plan): string {
  const head = shownLine(
    `Plan ${plan.planHash.slice(0, 12)} (${plan.warehouseName || plan.warehouse}, ${formatUsd(plan.pricePerTibUsd)} a TiB)`,
  );
  const lines = [
    ...servedFrom(plan),
    ...totals(plan),
    ...sharedSaving(plan),
    ...planMoney(plan),
    ...exclusions(plan),
    ...planNotes(plan),
  ];
  return [
    head,
    '',
    renderTable(PAIR_COLUMNS, plan.shared ? [sharedLine(plan.shared), ...plan.pairs] : plan.pairs),
    ...lines.map(shownLine),
    '',
  ].join('\n');
}

/** The shared dataset as a line beside those of the pairs, whose tables and columns include its own. */
function sharedLine(shared: SharedPlan): PairPlan {
  const { statements: each, tables, columns, includedColumns, bytes, usd, cached } = shared;
  const line = { statements: each, tables, columns, includedColumns, bytes, usd, cached };
  return PairPlan.create({ ...line, pair: 'shared', rows: shared.rowsAtLeast });
}

function statements(pair: PairPlan): string {
  return pair.cached ? '0 (cached)' : COUNT.format(pair.statements.length);
}

/** Which datasets are made of larger ones. */
function servedFrom({ pairs, shared }: Plan): string[] {
  const datasets = [...(shared ? [{ ...shared, pair: 'shared tables' }] : []), ...pairs];
  return datasets
    .filter(({ servedFrom: from }) => from !== '')
    .map(({ pair, servedFrom: from }) => `${pair}: from dataset ${from.slice(0, 12)}, no query.`);
}

function totals(plan: Plan): string[] {
  const count = statementsToRun(plan);
  const problem = overBudget(plan);
  const saved =
    plan.usd > 0 && Number.isFinite(plan.naiveUsd)
      ? `, ${(plan.naiveUsd / plan.usd).toFixed(1)} times as much`
      : '';
  return [
    `In total: ${formatCount(count, 'statement')}, ${formatBytes(plan.bytes)}, ${formatUsd(plan.usd)} ` +
      `of a budget of ${formatUsd(plan.budgetUsd)}.`,
    ...(problem === undefined ? [] : [`${problem}.`]),
    `The naive way, a statement a pair and horizon: ${formatCount(plan.naiveStatements, 'statement')}, ` +
      `${formatBytes(plan.naiveBytes)}, ${formatUsd(plan.naiveUsd)}${saved}.`,
  ];
}

function exclusions(plan: Plan): string[] {
  const lines = plan.pairs
    .filter((pair) => pair.exclusions.length > 0)
    .map((pair) => `  ${pair.pair} ${pair.exclusions.length}: ${commonReasons(pair)}`);
  return lines.length === 0 ? [] : ['Columns not tested, each in the ledger with its reason:', ...lines];
}

/** The most frequent reasons, and for how many columns there are others. */
function commonReasons(pair: PairPlan): string {
  const counts = new Map<string, number>();
  for (const { reason, why } of pair.exclusions) {
    // Those of plans from before there were codes have nothing in common but their words.
    const kind = why && why.code !== 'unspecified' ? reasonMeaning(why.code) : reason;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const common = [...counts].sort((a, b) => b[1] - a[1]);
  const named = common.slice(0, REASONS).map(([reason, count]) => `${COUNT.format(count)} because ${reason}`);
  const others = common.slice(REASONS);
  const columns = others.reduce((sum, [, count]) => sum + count, 0);
  const reasons = others.length === 1 ? 'another reason' : `${others.length} other reasons`;
  return [...named, ...(columns > 0 ? [`and ${COUNT.format(columns)} for ${reasons}`] : [])].join(', ');
}
