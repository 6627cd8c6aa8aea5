import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flagTableDoc } from '@onescan/process/service/flag-docs.js';
import { expect, test } from 'vitest';
import { COORDINATOR_FLAGS, parseCoordinatorOptions } from './coordinator-options.js';

const NEEDED = ['--listen', '127.0.0.1:0', '--fetcher', '127.0.0.1:7401', '--state', '/tmp/state'];

test('has defaults for all but addresses and state', () => {
  expect(parseCoordinatorOptions(NEEDED)).toEqual({
    listen: '127.0.0.1:0',
    fetcher: '127.0.0.1:7401',
    stateDir: '/tmp/state',
    maxWorkers: 8,
    leaseMs: 10_000,
    reconnectGraceMs: 2_000,
    heartbeatMs: 1_000,
    fetchAhead: 2,
    keepEvents: 100_000,
    keepEventDays: 90,
    keepRunDays: 0,
    backupHours: 24,
    keepBackups: 3,
    autoApproveUsd: 5,
  });
});

test.each([
  [NEEDED.slice(0, 2), '--fetcher is missing'],
  [[...NEEDED, '--max-workers', '0'], '--max-workers "0" is not allowed'],
  [[...NEEDED, '--lease-ms', '1500'], '--lease-ms 1500 is less than two heartbeats'],
  [[...NEEDED, '--fetcher', 'nowhere'], '--fetcher "nowhere" is not an address'],
  [[...NEEDED, '--workers', '3'], '--workers'],
  [[...NEEDED, '--keep-backups', '0'], '--keep-backups "0" is not allowed'],
  [[...NEEDED, '--backup-hours', '-1'], '--backup-hours'],
  [[...NEEDED, '--auto-approve-usd', 'much'], '--auto-approve-usd "much" is not allowed'],
])('refuses %j', (args, message) => {
  expect(() => parseCoordinatorOptions(args)).toThrow(message);
});

test('docs/operations.md holds the table of flags', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8');
  expect(page).toContain(`\n${flagTableDoc(COORDINATOR_FLAGS)}\n\n`);
});
