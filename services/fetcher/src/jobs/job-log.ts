import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { QueryJob } from '@onescan/shared/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';

/** A statement that was run; `pid` tells whether a job without an end can still be running. */
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
}

/**
 * Every statement that was really run, in a file of JSON lines: one line when it starts, one when it ends,
 * the last of a job id counts. Appending keeps what was written before through any crash.
 */
export class JobLog {
  constructor(private readonly path: string) {}

  append(record: JobRecord): void {
    appendFileSync(this.path, `${JSON.stringify(record)}\n`);
  }

  /** Jobs oldest first; a job whose process ended before it is failed. */
  list(runId = ''): QueryJob[] {
    const records = [...this.#read().values()];
    return records.filter((record) => runId === '' || record.runId === runId).map(toQueryJob);
  }

  /** An id no statement of this dataset had before. */
  nextJobId(datasetId: string): string {
    const before = [...this.#read().values()].filter((record) => record.datasetId === datasetId).length;
    return `onescan-${datasetId.slice(0, 16)}-${before + 1}`;
  }

  #read(): Map<string, JobRecord> {
    const records = new Map<string, JobRecord>();
    if (!existsSync(this.path)) return records;
    const lines = readFileSync(this.path, 'utf8').split('\n');
    for (const [i, line] of lines.entries()) {
      if (line === '') continue;
      const record = parseLine(line);
      if (record) records.set(record.jobId, record);
      // A crash can cut off the last line only, also when more was appended to it later.
      else if (i < lines.length - 2) throw damaged(this.path, i + 1);
    }
    return records;
  }
}

function parseLine(line: string): JobRecord | undefined {
  try {
    return JSON.parse(line) as JobRecord;
  } catch {
    return undefined;
  }
}

function toQueryJob({ pid, state, ...record }: JobRecord): QueryJob {
  const ended = state !== 'running' || pid === process.pid;
  return {
    ...record,
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
