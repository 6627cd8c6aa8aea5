import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { flagTableDoc } from '@onescan/process/service/flag-docs.js';
import { expect, it, vi } from 'vitest';
import { FETCHER_FLAGS, parseFetcherOptions } from './fetcher-options.js';

const BIGQUERY = ['--cache', 'c', '--warehouse', 'bigquery:my-project', '--grant-key', 'k'];

it('reads a BigQuery project, its location and datasets', () => {
  const options = parseFetcherOptions([...BIGQUERY, '--location', 'EU', '--features-dataset', 'f']);
  expect(options).toMatchObject({
    warehouse: {
      address: 'bigquery:my-project',
      settings: { project: 'my-project', location: 'EU', jobTimeoutMs: 1_800_000 },
    },
    names: { featureSchema: 'f', targetSchema: 'bqx_ml_v3_analytics_v2' },
  });
  expect(parseFetcherOptions(['--cache', 'c', '--warehouse', 'w']).warehouse.settings).toEqual({
    folder: resolve('w'),
  });
});

it.each([
  ['--warehouse', ['--warehouse', 'bigquery:']],
  ['--warehouse', ['--warehouse', 'bigquery:My Project']],
  ['--warehouse', ['--warehouse', 'lake:']],
  ['--warehouse', ['--warehouse', 'lake:s3://bucket/a/../../other']],
  ['--warehouse', ['--warehouse', 'lake:https://bucket/prefix']],
  ['--location', ['--location', 'us/../x']],
  ['--impersonate', ['--impersonate', 'somebody@example.com']],
  ['--job-timeout-ms', ['--job-timeout-ms', '0']],
  ['--features-dataset', ['--features-dataset', 'a', '--features-schema', 'b']],
])('refuses a wrong %s: %j', (flag, args) => {
  expect(() => parseFetcherOptions([...BIGQUERY, ...args])).toThrow(flag);
});

it('needs a key for approvals where statements cost money', () => {
  expect(() => parseFetcherOptions(BIGQUERY.slice(0, -2))).toThrow('--grant-key: missing');
  expect(() => parseFetcherOptions([...BIGQUERY.slice(0, -1), ''])).toThrow('--grant-key');
  expect(parseFetcherOptions(BIGQUERY).grantKey).toBe(resolve('k'));
  expect(parseFetcherOptions(['--cache', 'c', '--warehouse', 'w']).grantKey).toBeUndefined();
});

it('takes a service account to act as, not with an emulator', () => {
  const args = [...BIGQUERY, '--impersonate', 'onescan@my-project.iam.gserviceaccount.com'];
  expect(parseFetcherOptions(args).warehouse.settings).toMatchObject({ impersonate: args.at(-1) });
  vi.stubEnv('BIGQUERY_EMULATOR_HOST', 'http://127.0.0.1:9050');
  expect(() => parseFetcherOptions(args)).toThrow('BIGQUERY_EMULATOR_HOST');
  vi.unstubAllEnvs();
});

it('docs/operations.md holds the table of flags', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8');
  expect(page).toContain(`\n${flagTableDoc(FETCHER_FLAGS)}\n\n`);
});
