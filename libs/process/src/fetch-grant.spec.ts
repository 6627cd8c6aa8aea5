import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type GrantFacts, isGrantOf, readGrantKey, signGrant } from './fetch-grant.js';

const FACTS: GrantFacts = {
  runId: 'r',
  pair: 'eurusd',
  planHash: 'p',
  datasetId: 'd',
  sharedDatasetId: '',
  runBytes: 2n ** 53n,
  expiresMs: 1n,
};
const KEY = Buffer.alloc(32, 7);

it('is good with its key, and with every field as it was signed', () => {
  const grant = signGrant(KEY, FACTS);
  expect(isGrantOf(KEY, grant)).toBe(true);
  expect(isGrantOf(Buffer.alloc(32, 8), grant)).toBe(false);
  for (const [name, value] of Object.entries(FACTS)) {
    const changed = typeof value === 'bigint' ? value + 1n : `${value}x`;
    expect(isGrantOf(KEY, { ...grant, [name]: changed }), name).toBe(false);
  }
  // No text moves from one field into the next.
  expect(isGrantOf(KEY, { ...grant, runId: 're', pair: 'urusd' })).toBe(false);
  expect(isGrantOf(KEY, { ...grant, signature: Buffer.alloc(0) })).toBe(false);
});

it('has a key that others cannot read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-grant-'));
  const path = join(folder, 'grant.key');
  const key = readGrantKey(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readGrantKey(path)).toEqual(key);
  chmodSync(path, 0o644);
  expect(() => readGrantKey(path)).toThrow('others can read');
  rmSync(folder, { recursive: true });
});
