import { createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import type { FetchGrant } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { readOrCreateSecret } from './secret-file.js';

/** How long a grant is good for: a coordinator makes one for each request. In milliseconds. */
export const GRANT_VALID_MS = 10 * 60_000;
/** So much the clocks of coordinator and fetcher may differ, in milliseconds. */
export const GRANT_CLOCK_SLACK_MS = 5 * 60_000;

/** Bits of a file's mode by which others than its owner may change it, or anybody but its group may read it. */
const TOO_OPEN = 0o027;

/** What a grant is for. */
export type GrantFacts = Omit<FetchGrant, 'signature'>;

/** A grant with its signature. */
export function signGrant(key: Uint8Array, facts: GrantFacts): FetchGrant {
  return { ...facts, signature: signatureOf(key, facts) };
}

/** True when a grant was signed with a key, and not changed since. */
export function isGrantOf(key: Uint8Array, { signature, ...facts }: FetchGrant): boolean {
  const expected = signatureOf(key, facts);
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

/** HMAC-SHA256 (RFC 2104) over one text for the facts. */
function signatureOf(key: Uint8Array, facts: GrantFacts): Buffer {
  const { runId, pair, planHash, datasetId, sharedDatasetId, runBytes, expiresMs } = facts;
  const values = [runId, pair, planHash, datasetId, sharedDatasetId, String(runBytes), String(expiresMs)];
  return createHmac('sha256', key)
    .update(JSON.stringify(['onescan.v1.FetchGrant', ...values]))
    .digest();
}

/**
 * The key of grants in a file, which is made where there is none: coordinator and fetcher are given the same.
 *
 * @throws OnescanError FAILED_PRECONDITION when others can read it, DATA_LOSS when it holds something else
 */
export function readGrantKey(path: string): Buffer {
  if (existsSync(path) && (statSync(path).mode & TOO_OPEN) !== 0) {
    throw new OnescanError('FAILED_PRECONDITION', `--grant-key: others can read or change ${path}`, {
      remedy: `Run: chmod 600 ${path}`,
    });
  }
  return readOrCreateSecret(path);
}
