import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { JobLog, type JobRecord } from './job-log.js';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-jobs-'));
  path = join(folder, 'jobs.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

function record(changes: Partial<JobRecord>): JobRecord {
  return {
    jobId: 'a',
    runId: 'r1',
    pair: 'eurusd',
    datasetId: 'd'.repeat(64),
    sqlSha256: '',
    state: 'running',
    rows: 0,
    featureColumns: 3,
    targetColumns: 7,
    bytesBilled: '0',
    usd: 0,
    startedAt: '2026-01-01T00:00:00Z',
    endedAt: '',
    error: '',
    pid: process.pid,
    ...changes,
  };
}

it('keeps the last word on every job, in order, over restarts', () => {
  const log = new JobLog(path);
  expect(log.nextJobId('d'.repeat(64))).toBe('onescan-dddddddddddddddd-1');
  log.append(record({}));
  log.append(record({ jobId: 'b', runId: 'r2' }));
  log.append(record({ state: 'done', bytesBilled: '9007199254740993' }));
  const again = new JobLog(path);
  expect(again.list().map(({ jobId, state }) => [jobId, state])).toEqual([
    ['a', 'done'],
    ['b', 'failed'],
  ]);
  expect(log.list('r2')).toMatchObject([{ state: 'running' }]);
  expect(again.list('r1')).toMatchObject([{ bytesBilled: 9007199254740993n }]);
  expect(again.nextJobId('d'.repeat(64))).toBe('onescan-dddddddddddddddd-3');
});

it('fails a job whose process is gone, and survives lines that were cut off', () => {
  new JobLog(path).append(record({}));
  appendFileSync(path, '{"jobId":"to');
  const log = new JobLog(path);
  const failed = { jobId: 'a', state: 'failed', error: expect.stringContaining('ended') };
  expect(log.list()).toMatchObject([failed]);
  log.append(record({ jobId: 'b' }));
  log.append(record({ jobId: 'b', state: 'done' }));
  expect(new JobLog(path).list()).toMatchObject([failed, { jobId: 'b', state: 'done' }]);
});

it('says when it is damaged elsewhere', () => {
  writeFileSync(path, `nonsense\n${JSON.stringify(record({}))}\n${JSON.stringify(record({}))}\n`);
  expect(() => new JobLog(path).list()).toThrow('line 1');
});
