import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readOrCreateSecret } from './secret-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-secret-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('makes a secret once, for its owner alone', () => {
  const path = join(folder, 'deep', 'key');
  const secret = readOrCreateSecret(path);
  expect(secret).toHaveLength(32);
  expect(readOrCreateSecret(path).equals(secret)).toBe(true);
  expect(readOrCreateSecret(join(folder, 'other')).equals(secret)).toBe(false);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, 'deep'))).toEqual(['key']);
});

it('refuses a file that holds something else', () => {
  writeFileSync(join(folder, 'key'), 'short\n');
  expect(() => readOrCreateSecret(join(folder, 'key'))).toThrow('does not hold a secret');
});
