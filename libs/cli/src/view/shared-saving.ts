import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatCount } from '@onescan/contract/format/count.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { statementsToRun } from './statements-to-run.js';

/** What fetching once what all pairs share saves, or would save; no line where that is no question. */
export function sharedSaving(plan: Plan): string[] {
  if (plan.shared) return plan.perPairStatements > 0 ? [saved(plan)] : [];
  // Of a plan that goes on after a part was billed the estimate says nothing.
  return plan.sharedOnce && plan.alreadyBilledBytes === 0n ? [wouldSave(plan, plan.sharedOnce)] : [];
}

function saved(plan: Plan): string {
  const { bytes, usd, perPairBytes, perPairUsd, perPairStatements } = plan;
  const saving =
    perPairBytes >= bytes
      ? `saves ${formatBytes(perPairBytes - bytes)}, ${formatUsd(perPairUsd - usd)}`
      : `costs ${formatBytes(bytes - perPairBytes)}, ${formatUsd(usd - perPairUsd)} more`;
  return (
    `If every pair fetched what all share: ${formatCount(perPairStatements, 'statement')}, ` +
    `${formatBytes(perPairBytes)}, ${formatUsd(perPairUsd)}. Fetching it once ${saving}, with ` +
    `${statementsBeside(statementsToRun(plan), perPairStatements)}.`
  );
}

function wouldSave(plan: Plan, once: NonNullable<Plan['sharedOnce']>): string {
  const { bytes, usd, statements, scaled, problem } = once;
  if (problem !== '') return `What sharedGroups: once would save is not known: ${problem}`;
  const about = scaled ? 'about ' : '';
  const figures = `${about}${formatBytes(bytes)}, ${formatUsd(usd)}`;
  const share = `${Math.round((100 * Number(plan.bytes - bytes)) / Number(plan.bytes))} %`;
  const saving =
    bytes < plan.bytes
      ? `saves ${about}${formatBytes(plan.bytes - bytes)}, ${formatUsd(plan.usd - usd)} (${share})`
      : 'saves nothing';
  const beside = statementsBeside(statements, statementsToRun(plan));
  const scale = scaled ? '; one pair was dry-run for all' : '';
  return `sharedGroups: once would read ${figures}: ${saving}, with ${beside}${scale}.`;
}

/** How many statements there are beside another number of them. */
function statementsBeside(count: number, other: number): string {
  if (count === other) return 'as many statements';
  return formatCount(Math.abs(count - other), count > other ? 'more statement' : 'fewer statement');
}
