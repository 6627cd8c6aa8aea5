import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  checkClock,
  checkDatasets,
  checkMachine,
  checkMemory,
  checkNode,
  checkPrivacy,
} from './check-machine.js';
import { checkService } from './check-service.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'onescan-doctor-'));
});
afterEach(() => rmSync(home, { recursive: true }));

it.each([
  ['20.19.0', 'ok'],
  ['24.1.0', 'ok'],
  ['20.18.3', 'FAILED'],
  ['18.20.0', 'FAILED'],
])('node %s is %s', (version, result) => expect(checkNode(version).result).toBe(result));

it('fails on too little memory and says how much is needed', () => {
  expect(checkMemory(1024 ** 3)).toMatchObject({ result: 'FAILED', remedy: 'at least 2.00 GiB are needed' });
});

it('fails on a clock before the first release', () => {
  expect(checkClock(0).result).toBe('FAILED');
  expect(checkClock(Date.parse('2026-06-01')).result).toBe('ok');
});

it('points at partial dataset files', () => {
  const folder = join(home, 'datasets');
  expect(checkDatasets(folder).found).toBe('none yet');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.duckdb'), '');
  expect(checkDatasets(folder).result).toBe('ok');
  writeFileSync(join(folder, 'b.duckdb.partial-1'), '');
  expect(checkDatasets(folder)).toMatchObject({ result: 'warning', found: `1 in ${folder}, 1 partial` });
});

it('points at folders that others can open, and leaves them as they are', () => {
  mkdirSync(join(home, 'state'));
  chmodSync(join(home, 'state'), 0o755);
  expect(checkPrivacy(home)).toMatchObject({ result: 'warning', found: 'others can open state (755)' });
  chmodSync(join(home, 'state'), 0o700);
  expect(checkPrivacy(home).result).toBe('ok');
  expect(checkPrivacy(join(home, 'none')).result).toBe('ok');
});

it('checks a machine whose home folder does not exist yet', async () => {
  const checks = await checkMachine(join(home, 'not', 'yet'));
  expect(checks.find((check) => check.name === 'loopback port')?.result).toBe('ok');
  expect(checks.find((check) => check.name === 'home folder')?.result).toBe('ok');
});

const NEVER = new AbortController().signal;

it('fails on a service that was said to run and does not answer', async () => {
  expect((await checkService('coordinator', undefined, { interrupt: NEVER })).result).toBe('warning');
  expect((await checkService('coordinator', '127.0.0.1:1', { interrupt: NEVER })).result).toBe('FAILED');
});

it('fails on a clock that is far off: before the release, decades ahead, or behind what was written', () => {
  const now = Date.parse('2027-03-01T00:00:00Z');
  expect(checkClock(now).result).toBe('ok');
  expect(checkClock(now, now + 1_000).result).toBe('ok');
  expect(checkClock(now, now + 3_600_000)).toMatchObject({
    result: 'FAILED',
    found: expect.stringContaining('files are from 2027-03-01T01:00:00.000Z') as string,
  });
  expect(checkClock(0).result).toBe('FAILED');
  expect(checkClock(Date.parse('2090-01-01T00:00:00Z')).result).toBe('FAILED');
});
