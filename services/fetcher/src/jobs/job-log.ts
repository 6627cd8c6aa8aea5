import { appendFileSync, closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type { QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';

/** A statement that was run, and the process that ran it. */
export interface JobRecord {
  jobId: string;
  runId: string;
  pair: string;
  datasetId: string;
  sqlSha256: string;
  state: 'running' | 'done' | 'failed';
  rows: number;
  featureColumns: number;
  targetColumns: number;
  /** Decimal, since JSON has no 64-bit integers. */
  bytesBilled: string;
  usd: number;
  startedAt: string;
  endedAt: string;
  error: string;
  pid: number;
  /** Metadata queries have no run and no pair. Default "fetch". */
  purpose?: 'fetch' | 'metadata';
  /** Bound that the job runs with; decimal. */
  maximumBytesBilled?: string;
  /** It reads what all pairs share; `pair` is the one that it is fetched for. */
  shared?: boolean;
  /** The warehouse has not said what the job was billed. */
  billingUnknown?: boolean;
  /** The warehouse has no such job: its request was refused, or never sent. It is no statement that was run. */
  neverRan?: boolean;
}

/**
 * Every statement that was really run, in a file of JSON lines: one line when it starts, one when it ends,
 * the last of a job id counts. Appending keeps what was written before through any crash; a line that a crash
 * or a full disk cut off is passed over, and what follows it starts on a line of its own.
 */
export class JobLog {
  /** Jobs of this process: others that have no end have lost their process. */
  readonly #own = new Set<string>();

  constructor(private readonly path: string) {}

  append(record: JobRecord): void {
    this.#own.add(record.jobId);
    const start = endsInLine(this.path) ? '\n' : '';
    appendFileSync(this.path, `${start}${JSON.stringify(record)}\n`);
  }

  /** Jobs oldest first; a job whose process ended before it is failed. */
  list(runId = ''): QueryJob[] {
    const records = [...this.#read().values()];
    return records
      .filter((record) => runId === '' || record.runId === runId)
      .map((record) => toQueryJob(record, this.#own.has(record.jobId)));
  }

  /** An id no statement of this dataset had before. */
  nextJobId(datasetId: string): string {
    const before = [...this.#read().values()].filter((record) => record.datasetId === datasetId).length;
    return `onescan-${datasetId.slice(0, 16)}-${before + 1}`;
  }

  /**
   * Records whose billing is still to be asked for: failed ones of which the warehouse said nothing, and those
   * whose process ended.
   */
  unsettled(): JobRecord[] {
    return [...this.#read().values()].filter(
      (record) =>
        record.billingUnknown === true && (record.state !== 'running' || !this.#own.has(record.jobId)),
    );
  }

  #read(): Map<string, JobRecord> {
    const records = new Map<string, JobRecord>();
    if (!existsSync(this.path)) return records;
    const lines = readFileSync(this.path, 'utf8').split('\n');
    for (const [i, line] of lines.entries()) {
      if (line === '') continue;
      const record = parseLine(line);
      if (record) records.set(record.jobId, record);
      // A record is flat: one that was cut off begins with its brace and does not end with one.
      else if (!line.startsWith('{') || line.endsWith('}')) throw damaged(this.path, i + 1);
    }
    return records;
  }
}

/** True when the file's last line has no end. */
function endsInLine(path: string): boolean {
  if (!existsSync(path)) return false;
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size === 0) return false;
    const last = Buffer.alloc(1);
    readSync(descriptor, last, 0, 1, size - 1);
    return last.toString() !== '\n';
  } finally {
    closeSync(descriptor);
  }
}

function parseLine(line: string): JobRecord | undefined {
  try {
    return JSON.parse(line) as JobRecord;
  } catch {
    return undefined;
  }
}

function toQueryJob({ pid: _pid, state, ...record }: JobRecord, own: boolean): QueryJob {
  const ended = state !== 'running' || own;
  return {
    ...record,
    purpose: record.purpose ?? 'fetch',
    maximumBytesBilled: BigInt(record.maximumBytesBilled ?? 0),
    billingUnknown: record.billingUnknown ?? false,
    neverRan: record.neverRan ?? false,
    shared: record.shared ?? false,
    repeatable: false,
    bytesBilled: BigInt(record.bytesBilled),
    state: ended ? state : 'failed',
    error: ended ? record.error : 'the fetcher ended while the statement ran',
  };
}

function damaged(path: string, line: number): OnescanError {
  return new OnescanError('DATA_LOSS', `job log ${path} is damaged at line ${line}`, {
    remedy: 'Restore it from a copy, or move it away to start a new one',
    details: { path },
  });
}
