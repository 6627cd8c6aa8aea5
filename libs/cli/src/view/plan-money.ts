import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatCatalogueChange } from '@onescan/contract/format/catalogue-change.js';
import { formatCount } from '@onescan/contract/format/count.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import type { Plan, StrategyEstimate } from '@onescan/contract/generated/onescan/v1/plan.js';
import { SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';

const COUNT = new Intl.NumberFormat('en-US');

/** What the plan cost and was billed before, how the catalogue changed, and both sampling strategies; lines. */
export function planMoney(plan: Plan): string[] {
  return [
    ...alreadyBilled(plan),
    ...strategies(plan),
    ...(plan.metadataQueries > 0 ? [metadata(plan)] : []),
    ...(plan.catalogueChange ? [formatCatalogueChange(plan.catalogueChange)] : []),
  ];
}

function alreadyBilled({ alreadyBilledBytes, alreadyBilledUsd, usd }: Plan): string[] {
  if (alreadyBilledBytes === 0n) return [];
  const before = `${formatBytes(alreadyBilledBytes)}, ${formatUsd(alreadyBilledUsd)}`;
  return [
    `Billed to this run before: ${before}; with the above ${formatUsd(alreadyBilledUsd + usd)} in all.`,
  ];
}

function metadata({ metadataQueries, metadataBytes, metadataUsd }: Plan): string {
  const queries = formatCount(metadataQueries, 'metadata query', 'metadata queries');
  return `Planning itself: ${queries}, ${formatBytes(metadataBytes)}, ${formatUsd(metadataUsd)}.`;
}

function strategies(plan: Plan): string[] {
  const lines = [SampleStrategy.SAMPLE_STRATEGY_HASH, SampleStrategy.SAMPLE_STRATEGY_DAYS].map((strategy) =>
    strategyLine(plan, strategy),
  );
  return lines.some((line) => line === '') ? [] : ['Sampling, both ways by dry run:', ...lines];
}

function strategyLine({ pairs, shared }: Plan, strategy: SampleStrategy): string {
  const of = ({ strategies: all }: { strategies: StrategyEstimate[] }): StrategyEstimate[] =>
    all.filter((estimate) => estimate.strategy === strategy);
  const found = pairs.flatMap(of);
  if (found.length === 0) return '';
  const read = [...found, ...(shared ? of(shared) : [])];
  const isHash = strategy === SampleStrategy.SAMPLE_STRATEGY_HASH;
  const name = isHash ? 'hash' : 'days';
  const problem = read.find((estimate) => estimate.problem !== '')?.problem;
  if (problem) return `  ${name}  ${problem}`;
  const bytes = read.reduce((sum, estimate) => sum + estimate.bytes, 0n);
  const usd = read.reduce((sum, estimate) => sum + estimate.usd, 0);
  const rows = range(found.map((estimate) => estimate.rows));
  const from = isHash
    ? 'over the whole period'
    : `on ${range(found.map((estimate) => estimate.days))} whole days`;
  const chosen = found[0]!.chosen ? '  <- this plan' : '';
  return `  ${name}  ${formatBytes(bytes)}, ${formatUsd(usd)}: ${rows} rows a pair ${from}${chosen}`;
}

function range(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? COUNT.format(low) : `${COUNT.format(low)} to ${COUNT.format(high)}`;
}
