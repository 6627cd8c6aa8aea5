import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { describe, expect, it } from 'vitest';
import { duckdbDialect, keyHashSql } from '../warehouse/duckdb/duckdb-dialect.js';
import { HASH_BOUND, hashLimit, hashTerms, keyHash } from './key-hash.js';
import { sampleOrder } from './sample-order.js';

const START = 1_577_836_800n;
const KEYS = 50_000;

function hashes(seed: bigint, step: bigint): number[] {
  const terms = hashTerms(seed);
  return Array.from({ length: KEYS }, (_, i) => Number(keyHash(START + BigInt(i) * step, terms)));
}

describe.each([60n, 300n, 900n])('the hash of keys %i seconds apart', (step) => {
  const p = 0.2;
  const chosen = hashes(3n, step).map((hash) => hash < p * Number(HASH_BOUND));

  it('chooses as many of every part of the period', () => {
    const part = KEYS / 50;
    for (let start = 0; start < KEYS; start += part) {
      const count = chosen.slice(start, start + part).filter(Boolean).length;
      expect(Math.abs(count - p * part)).toBeLessThan(5 * Math.sqrt(part * p * (1 - p)));
    }
  });

  it('chooses neighbours and keys a day apart independently', () => {
    for (const lag of [1, 2, 3, 60, 1440]) {
      let both = 0;
      for (let i = lag; i < KEYS; i++) if (chosen[i] && chosen[i - lag]) both++;
      const n = KEYS - lag;
      expect(Math.abs(both - p * p * n)).toBeLessThan(6 * Math.sqrt(n * p * p));
    }
  });
});

it('has a limit that the least hashes keep, for many seeds and sizes', () => {
  for (let seed = 1n; seed <= 12n; seed++) {
    const sorted = hashes(seed, 60n).sort((a, b) => a - b);
    for (const rows of [100, 1000, 10_000, 40_000]) {
      expect(sorted[rows - 1]!).toBeLessThanOrEqual(Number(hashLimit(rows, KEYS)));
    }
  }
  expect(hashLimit(KEYS, KEYS)).toBeUndefined();
});

it('orders rows as SQL does, also keys with fractions of seconds and before 1970', async () => {
  const instance = await openDuckDb(':memory:');
  const connection = await instance.connect();
  const keys = BigInt64Array.from({ length: 500 }, (_, i) => BigInt(i - 250) * 700_001n);
  const result = await connection.runAndReadAll(
    `SELECT x FROM (SELECT x, make_timestamp((x - 250) * 700001) AS k FROM range(500) t(x)) ORDER BY ${keyHashSql('k', hashTerms(5n))}, k`,
  );
  const found = result.getRows().map(([x]) => Number(x));
  expect(Array.from(await sampleOrder(duckdbDialect, 5n, keys))).toEqual(found);
  connection.closeSync();
  instance.closeSync();
});

it('is the same in SQL', async () => {
  const instance = await openDuckDb(':memory:');
  const connection = await instance.connect();
  const terms = hashTerms(77n);
  const result = await connection.runAndReadAll(
    `SELECT x, ${keyHashSql('k', terms)} FROM (SELECT x, make_timestamp(x * 1000000) AS k FROM (VALUES (${START}), (0), (4102444799)) t(x))`,
  );
  for (const [x, hash] of result.getRows()) expect(hash).toBe(keyHash(BigInt(Number(x)), terms));
  connection.closeSync();
  instance.closeSync();
});
