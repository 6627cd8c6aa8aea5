import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatDuration } from '@onescan/contract/format/duration.js';
import { formatStatementOf } from '@onescan/contract/format/statement-of.js';
import { formatUsd } from '@onescan/contract/format/usd.js';
import type { Approval, Run } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { renderTable, type TableColumn } from '../output/table.js';

const COLUMNS: readonly TableColumn<QueryJob>[] = [
  { title: 'job', text: (job) => job.jobId },
  { title: 'pair', text: formatStatementOf },
  { title: 'state', text: (job) => (job.error ? `${job.state}: ${job.error}` : job.state) },
  { title: 'started', text: (job) => job.startedAt.replace(/\.\d+Z$/, 'Z') },
  { title: 'took', text: took, align: 'right' },
  { title: 'at most', text: (job) => formatBytes(job.maximumBytesBilled), align: 'right' },
  {
    title: 'billed',
    text: (job) =>
      job.billingUnknown ? 'not known' : `${formatBytes(job.bytesBilled)} ${formatUsd(job.usd)}`,
    align: 'right',
  },
];

/** Every statement run for a run with what it was billed; empty when there was none. */
export function jobTable(run: Run): string {
  const jobs = run.pairs.flatMap((pair) => pair.jobs);
  return jobs.length === 0 ? '' : renderTable(COLUMNS, jobs);
}

/** A line for every approval: when, by whom, and up to what the run may be billed in all. */
export function approvalLines(run: Run): string[] {
  return run.approvals.map(approvalLine);
}

function approvalLine({ what, approvedBy, time, planHash, bytes, usd }: Approval): string {
  const at = new Date(Number(time?.seconds ?? 0n) * 1000).toISOString().replace('.000', '');
  const total = `up to ${formatBytes(bytes)}, ${formatUsd(usd)} in all`;
  return `Approved ${at}: ${what}, by ${approvedBy}, ${planHash.slice(0, 12)}, ${total}`;
}

function took(job: QueryJob): string {
  const ms = Date.parse(job.endedAt) - Date.parse(job.startedAt);
  return ms >= 0 ? formatDuration(ms / 1000) : '-';
}
