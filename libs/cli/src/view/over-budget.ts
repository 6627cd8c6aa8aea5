import { formatUsd } from '@onescan/contract/format/usd.js';
import type { Plan } from '@onescan/contract/generated/onescan/v1/plan.js';

/** Dollars below which a difference is rounding: sums of dozens of doubles. */
const ROUNDING_USD = 1e-9;

/** That a plan is over its budget, by which figures, and what helps; undefined when it is within. */
export function overBudget({ usd, alreadyBilledUsd, metadataUsd, budgetUsd }: Plan): string | undefined {
  if (alreadyBilledUsd + usd + metadataUsd <= budgetUsd + ROUNDING_USD) return undefined;
  const before = alreadyBilledUsd > 0 ? ` and ${formatUsd(alreadyBilledUsd)} billed before` : '';
  const planning = metadataUsd > 0 ? ` with ${formatUsd(metadataUsd)} for planning` : '';
  return (
    `OVER BUDGET: estimate ${formatUsd(usd)}${before}${planning} against ${formatUsd(budgetUsd)}: it cannot be approved; ` +
    'raise --budget, or read fewer rows (--strategy days --rows) or fewer tables (--exclude)'
  );
}
