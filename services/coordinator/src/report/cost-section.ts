import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatCatalogueChange } from '@onescan/contract/format/catalogue-change.js';
import { formatDuration } from '@onescan/contract/format/duration.js';
import { formatPercent } from '@onescan/contract/format/percent.js';
import { formatStatementOf } from '@onescan/contract/format/statement-of.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import type { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import type { PairPlan, Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import { SampleStrategy } from '@onescan/contract/generated/onescan/v1/spec.js';
import { pilotText } from '@onescan/contract/reasons/pilot-text.js';
import { estimatedBytes, priceOf } from '../model/cost.js';
import type { PairRecord, RunRecord } from '../model/run-record.js';
import { pilotReport } from '../runs/pilot-report.js';
import { type Html, html, table } from './html.js';
import type { ReportData } from './report-data.js';

/** What was billed beside what was estimated and approved, statement by statement, and what else was looked at. */
export function costSection({ snapshot, fetchesAtOnce }: ReportData): Html {
  const { run } = snapshot;
  const { plan } = run;
  if (!plan) return html``;
  const pairs = [...snapshot.pairs.values()];
  const rows = pairs.map((pair) => costRow(pair, plan));
  const titles = [
    'pair',
    '>estimated',
    '>billed',
    '>bytes estimated',
    '>bytes billed',
    '>of estimate',
    '>statements',
  ];
  const jobs = pairs.flatMap((pair) => pair.jobs);
  const pilot =
    run.spec.pilotPair === '' ? undefined : pilotReport(snapshot, { workersConnected: 0, fetchesAtOnce });
  const { catalogueChange } = plan;
  return html`<h2 id="cost">Cost</h2>
    ${summary(plan, pairs)}
    ${table([...titles, '>fetch time', 'from'], rows)}
    ${jobs.length > 0 ? html`<h3>Statements</h3>${table(JOB_TITLES, jobs.map(jobRow))}` : ''}
    ${run.approvals.length > 0 ? html`<h3>Approvals</h3>${approvals(run)}` : ''}
    ${pilot ? html`<h3>Pilot</h3><p>${pilotText(pilot)}</p>` : ''}
    ${catalogueChange ? html`<p>${formatCatalogueChange(catalogueChange)}</p>` : ''}
    ${strategies(plan)}`;
}

function summary(plan: Plan, pairs: readonly PairRecord[]): Html {
  const billed = pairs.reduce((sum, pair) => sum + pair.usd, 0);
  const statements = pairs.reduce((sum, pair) => sum + pair.statementsRun, 0);
  const estimated = plan.alreadyBilledUsd + plan.usd;
  const metadata =
    plan.metadataQueries > 0
      ? html` Planning ran ${plan.metadataQueries} metadata queries, billed ${formatUsd(plan.metadataUsd)}.`
      : '';
  return html`<p>Billed <b>${formatUsd(billed)}</b> with ${statements} ${statements === 1 ? 'statement' : 'statements'};
      approved were at most ${formatUsd(estimated)}, budget ${formatUsd(plan.budgetUsd)}.
      One statement a pair and horizon (${plan.naiveStatements} statements) would cost ${formatUsd(plan.naiveUsd)}.${metadata}</p>`;
}

function costRow(pair: PairRecord, plan: Plan): (string | number)[] {
  const { dataset } = pair;
  const planned = plannedPair(plan, pair.pair);
  // The first pair to need it fetched what all pairs share.
  const shared = pair.jobs.some((job) => job.datasetId === plan.shared?.datasetId) ? plan.shared : undefined;
  const from = dataset ? (pair.statementsRun === 0 ? 'cache' : 'warehouse') : pair.state.toLowerCase();
  const statements = [...(planned?.statements ?? []), ...(shared?.statements ?? [])];
  const estimated = estimatedBytes({ statements });
  const share = Number(pair.bytesBilled) / Number(estimated);
  return [
    shared ? `${pair.pair} and what all share` : pair.pair,
    formatUsd(priceOf(estimated, plan)),
    formatUsd(pair.usd),
    formatBytes(estimated),
    formatBytes(pair.bytesBilled),
    pair.bytesBilled > 0n && estimated > 0n ? formatPercent(share) : '–',
    pair.statementsRun,
    pair.fetchSeconds > 0 ? formatDuration(pair.fetchSeconds) : '–',
    from,
  ];
}

const JOB_TITLES = ['job', 'pair', 'state', 'started', '>bound', '>bytes billed', '>billed', 'error'];

function jobRow(job: QueryJob): (string | Html)[] {
  return [
    html`<code>${job.jobId}</code>`,
    formatStatementOf(job),
    job.state,
    html`<time>${job.startedAt.replace(/\.\d+Z$/, 'Z')}</time>`,
    formatBytes(job.maximumBytesBilled),
    job.billingUnknown ? 'not known' : formatBytes(job.bytesBilled),
    job.billingUnknown ? 'not known' : formatUsd(job.usd),
    job.error,
  ];
}

function approvals({ approvals: given }: RunRecord): Html {
  const rows = given.map(({ what, approvedBy, automatic, time, planHash, usd, bytes }) => [
    html`<time>${new Date(Number(time?.seconds ?? 0n) * 1000).toISOString().replace('.000', '')}</time>`,
    what,
    `${approvedBy}${automatic ? ' (nobody looked at it)' : ''}`,
    html`<code>${planHash.slice(0, 12)}</code>`,
    formatBytes(bytes),
    formatUsd(usd),
  ]);
  return table(['time', 'of', 'by', 'plan', '>bytes in all', '>dollars in all'], rows);
}

const NAMES: Partial<Record<SampleStrategy, string>> = {
  [SampleStrategy.SAMPLE_STRATEGY_HASH]: 'hash: rows over the whole period',
  [SampleStrategy.SAMPLE_STRATEGY_DAYS]: 'days: whole days',
};

function strategies({ pairs, shared }: Plan): Html {
  const datasets = shared ? [...pairs, shared] : pairs;
  const rows = [SampleStrategy.SAMPLE_STRATEGY_HASH, SampleStrategy.SAMPLE_STRATEGY_DAYS].flatMap(
    (strategy) => {
      const found = datasets.flatMap((dataset) =>
        dataset.strategies.filter((estimate) => estimate.strategy === strategy),
      );
      if (found.length === 0) return [];
      const problem = found.find((estimate) => estimate.problem !== '')?.problem;
      const bytes = found.reduce((sum, estimate) => sum + estimate.bytes, 0n);
      const usd = found.reduce((sum, estimate) => sum + estimate.usd, 0);
      const name = `${NAMES[strategy]}${found[0]!.chosen ? ' (this run)' : ''}`;
      return [[name, problem ?? formatBytes(bytes), problem ? '–' : formatUsd(usd)]];
    },
  );
  if (rows.length === 0) return html``;
  return html`<h3>Sampling, both ways by dry run</h3>${table(['strategy', '>bytes', '>cost'], rows)}`;
}

function plannedPair(plan: Plan, pair: string): PairPlan | undefined {
  return plan.pairs.find((planned) => planned.pair === pair);
}
