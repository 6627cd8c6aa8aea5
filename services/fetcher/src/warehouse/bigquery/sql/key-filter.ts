import type { KeyRange } from '../../../catalogue/catalogue.js';
import type { FetchQuery, KeySource } from '../../../sql/fetch-query.js';
import { hashLimit, sampleHashLimit } from '../../../sql/key-hash.js';

const MICROS_PER_MILLI = 1000;

/** Bits of the fingerprint that order the sample: below the bound for which the hash limit is computed. */
export const FINGERPRINT_MASK = 2 ** 31 - 1;

/** Hash of a TIMESTAMP with the sample's seed: 31 bits of its FARM_FINGERPRINT. */
export function keyHashSql(key: string, seed: bigint): string {
  return `(FARM_FINGERPRINT(CONCAT('${seed}:', CAST(UNIX_MICROS(${key}) AS STRING))) & ${FINGERPRINT_MASK})`;
}

/** ` WHERE` with what all keys of the sample meet and few others do. */
export function whereSampled(key: string, query: FetchQuery): string {
  return whereHashed(key, query, sampleHashLimit(query.sample.sources));
}

/** The clauses that leave a source's sampled keys. */
export function leastKeys(key: string, query: FetchQuery, { rows, available }: KeySource): string {
  const filter = whereHashed(key, query, hashLimit(rows, available));
  return `${filter} ORDER BY ${keyHashSql(key, query.sample.seed)}, ${key} LIMIT ${rows}`;
}

/** ` WHERE` that every key meets. */
export function whereAnyKey(key: string): string {
  return ` WHERE ${rangeConditions(key, {}).join(' AND ')}`;
}

function whereHashed(key: string, { sample }: FetchQuery, limit: bigint | undefined): string {
  const conditions = rangeConditions(key, sample.range);
  if (limit !== undefined) conditions.push(`${keyHashSql(key, sample.seed)} <= ${limit}`);
  return ` WHERE ${conditions.join(' AND ')}`;
}

/** The least TIMESTAMP there is: a filter that lets every key pass, and that counts as one on the partitions. */
const ANY_KEY = "TIMESTAMP '0001-01-01'";

/**
 * Conditions with constants only, by which BigQuery leaves partitions unread. Days lie within the bounds. There is
 * always one: tables with require_partition_filter refuse statements without.
 */
export function rangeConditions(key: string, range: KeyRange): string[] {
  // Plain texts are taken as dates and are shorter: the list stands once for every table.
  if (range.days) return [`DATE(${key}) IN (${range.days.map((day) => `'${day}'`).join(',')})`];
  const conditions: string[] = [];
  if (range.from !== undefined) conditions.push(`${key} >= ${timestamp(range.from)}`);
  if (range.to !== undefined) conditions.push(`${key} < ${timestamp(range.to)}`);
  return conditions.length > 0 ? conditions : [`${key} >= ${ANY_KEY}`];
}

function timestamp(micros: number): string {
  return `TIMESTAMP '${new Date(micros / MICROS_PER_MILLI).toISOString()}'`;
}
