import { z } from 'zod';
import { formatBytes } from '../format/bytes.js';
import { formatUsd } from '../format/usd.js';
import { FACT, reasonEntry } from './reason-entry.js';

const { count, figure, horizon, name, words } = FACT;

const horizons = z.array(horizon).min(1).max(512);
/** The error of a task is told in its own words, which begin with the kind of failure. */
const task = { pair: name, horizons, state: name, error: words };

function taskText({ pair, horizons: of, state, error }: z.output<z.ZodObject<typeof task>>): string {
  const where = `${pair} ${of.map((each) => `h${each}`).join(' ')}`;
  if (error === '') return `${where}: ${state}`;
  return `${where}: ${state === 'cancelled' ? error : `${state}: ${error}`}`;
}

const cost = { usd: figure, billedUsd: figure };

function estimateText({ usd, billedUsd }: z.output<z.ZodObject<typeof cost>>): string {
  const estimate = `the estimate of ${formatUsd(usd)}`;
  return billedUsd > 0 ? `${estimate} and ${formatUsd(billedUsd)} billed before` : estimate;
}

const changed = z.strictObject({ pair: name, statements: count, approved: count });

/** What keeps a run from being complete, or from going on. */
export const RUN_PROBLEMS = {
  tasks_unfinished: reasonEntry('horizons of a pair have no result', task, taskText),
  ledger_incomplete: reasonEntry(
    'a ledger does not have one row for every column of the universe',
    { pair: name, horizon, rows: count, features: count, columns: count },
    ({ pair, horizon: bars, rows, features, columns }) =>
      `${pair} h${bars}: the ledger has ${rows} rows of ${features} features, the universe ${columns}`,
  ),
  pilot_unfinished: reasonEntry(
    'a horizon of the pilot pair has no result',
    task,
    ({ pair, horizons: of, state, error }) => `pilot ${pair} h${of[0]}: ${error || state.toUpperCase()}`,
  ),
  run_cancelled: reasonEntry('somebody cancelled it', { why: words }, ({ why }) =>
    why === '' ? 'cancelled' : `cancelled: ${why}`,
  ),
  planning_failed: reasonEntry(
    'it could not be planned',
    { error: name, words },
    ({ words: told }) => `plan: ${told}`,
  ),
  over_budget: reasonEntry(
    'the plan is over its budget',
    { ...cost, planningUsd: figure, budgetUsd: figure },
    ({ planningUsd, budgetUsd, ...of }) => {
      const planning = planningUsd > 0 ? ` with ${formatUsd(planningUsd)} for planning` : '';
      return `${estimateText(of)}${planning} is over the budget of ${formatUsd(budgetUsd)}`;
    },
  ),
  needs_a_person: reasonEntry(
    'the plan costs more than may be approved without a person',
    { ...cost, limitUsd: figure },
    ({ limitUsd, ...of }) =>
      `${estimateText(of)} for the whole plan, what follows a pilot included, is over the ${formatUsd(limitUsd)} up to which plans are approved without a person (up --auto-approve; --auto-approve-usd of the coordinator)`,
  ),
  warehouse_changed: reasonEntry(
    'the warehouse has changed since the approval',
    { pairs: FACT.names },
    ({ pairs }) =>
      `the warehouse has changed since the approval, ${pairs.join(', ')} would be other data: this needs a new approval`,
  ),
  other_statements: reasonEntry(
    'the warehouse takes other statements than were approved',
    { changed: z.array(changed).max(128) },
    ({ changed: all }) => {
      const each = all.map(({ pair, statements, approved }) => {
        const now = `${statements} statement${statements === 1 ? '' : 's'}`;
        return `${pair} in ${now} instead of ${approved}`;
      });
      return `the warehouse takes other statements than were approved, ${each.join(', ')}: this needs a new approval`;
    },
  ),
  plan_changed: reasonEntry(
    'the plan was changed since the last approval',
    {},
    () => 'the plan was changed since the last approval: this needs a new approval',
  ),
  approval_used_up: reasonEntry(
    'what is missing may bill more than is left of the approval',
    { billedBytes: count, approvedBytes: count, neededBytes: count },
    ({ billedBytes, approvedBytes, neededBytes }) =>
      `${formatBytes(billedBytes)} were billed of the ${formatBytes(approvedBytes)} that were approved, and what is missing may bill ${formatBytes(neededBytes)}: this needs a new approval`,
  ),
  report_not_written: reasonEntry(
    'the report could not be written',
    { words },
    ({ words: told }) => `the report could not be written: ${told}`,
  ),
};
