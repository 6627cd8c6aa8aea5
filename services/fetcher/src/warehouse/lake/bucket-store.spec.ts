import { OnescanError } from '@onescan/contract/onescan-error.js';
import { afterEach, expect, it, vi } from 'vitest';
import { bucketLocation, readBucket } from './bucket-store.js';
import { LakeDatabase } from './lake-database.js';

afterEach(() => vi.unstubAllEnvs());

it.each([
  ['s3://bucket', 's3://bucket/'],
  ['s3://bucket/', 's3://bucket/'],
  ['gs://my.bucket-1/a/b c', 'gs://my.bucket-1/a/b c/'],
  ['s3://bucket/a/b///', 's3://bucket/a/b/'],
])('%s is the lake %s', (address, root) => {
  expect(bucketLocation(readBucket(address)!, undefined).root).toBe(root);
});

it.each([
  's3:/bucket/a',
  's3://',
  's3://b',
  's3://Bucket/a',
  's3://bucket/../other',
  's3://bucket/a/../../other',
  's3://bucket/./a',
  's3://bucket/a//b',
  's3://bucket/*',
  's3://bucket/a[1]',
  's3://bucket/a?versionId=1',
  'http://bucket/a',
  'folder/s3',
])('%s is none', (address) => {
  expect(readBucket(address)).toBeUndefined();
});

it('says how to get the extension that is not there, and nothing of the keys', async () => {
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'very-secret');
  const { root, prepare } = bucketLocation(
    readBucket('s3://bucket/lake')!,
    '/nowhere/httpfs.duckdb_extension',
  );
  const database = new LakeDatabase(root, {}, prepare);
  const error = await database.acquire().then(
    () => undefined,
    (thrown: unknown) => OnescanError.from(thrown),
  );
  await database.close();
  expect(error).toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringContaining("lake s3://bucket/lake/ is read by DuckDB's extension httpfs"),
    remedy: expect.stringContaining('--httpfs FILE'),
  });
  expect(error!.text).toContain('/nowhere/httpfs.duckdb_extension');
  expect(error!.text).not.toContain('secret');
});
