import { formatBytes } from '@onescan/contract/format/bytes.js';
import type { FetchPairRequest, QueryJob } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { GRANT_CLOCK_SLACK_MS, isGrantOf } from '@onescan/process/fetch-grant.js';

/** What a grant and the request that it came with must have in common. */
const FIELDS = ['runId', 'pair', 'planHash', 'datasetId', 'sharedDatasetId'] as const;

const REMEDY =
  'Give fetcher and coordinator the same --grant-key, and let the coordinator ask (docs/security.md)';

/** Decides whether a request may ask the warehouse: nothing is billed that was not approved. */
export class FetchGrants {
  /** @param now milliseconds since 1970 */
  constructor(
    private readonly key: Uint8Array,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * What the statements of the request's run may bill in all.
   *
   * @throws OnescanError PERMISSION_DENIED when the request has no grant, or one of another key, request or time
   */
  runBytes(request: FetchPairRequest): bigint {
    const { grant } = request;
    if (!grant) throw denied(request, 'it has no grant');
    if (!isGrantOf(this.key, grant)) throw denied(request, 'its grant was not signed with this key');
    const other = FIELDS.find((field) => grant[field] !== request[field]);
    if (other) throw denied(request, `its grant is for another ${other}`);
    const lateMs = this.now() - Number(grant.expiresMs);
    if (lateMs > GRANT_CLOCK_SLACK_MS) {
      throw denied(
        request,
        `its grant expired ${Math.round(lateMs / 1000)} s ago by the clock of the fetcher`,
      );
    }
    return grant.runBytes;
  }
}

/**
 * Looks at a request's grant once, when something is to be asked of the warehouse: what follows may take longer than it
 * is good for. Undefined where requests need none.
 */
export function grantedTo(
  grants: FetchGrants | undefined,
  request: FetchPairRequest,
): () => bigint | undefined {
  let looked: { runBytes: bigint | undefined } | undefined;
  return () => {
    looked ??= { runBytes: grants?.runBytes(request) };
    return looked.runBytes;
  };
}

/**
 * Makes sure that a new statement's bound is left of the approval, as the coordinator counts it.
 *
 * @throws OnescanError RESOURCE_EXHAUSTED
 */
export function requireRemaining(
  pair: string,
  maximumBytesBilled: bigint,
  remainingBytes: bigint | undefined,
): void {
  if (remainingBytes === undefined || maximumBytesBilled <= remainingBytes) return;
  throw new OnescanError(
    'RESOURCE_EXHAUSTED',
    `the statement of ${pair} may bill ${formatBytes(maximumBytesBilled)}, the run's approval leaves ${formatBytes(remainingBytes)}: it was not sent`,
    {
      remedy: 'Resume the run: it is planned anew with what was billed, and approve that',
      details: { pair, remainingBytes: Number(remainingBytes) },
    },
  );
}

/**
 * Makes sure that a new statement stays within what its run was granted, by the fetcher's own list of the run's jobs: one
 * that runs, or whose bill is not known, counts with its bound.
 *
 * @throws OnescanError PERMISSION_DENIED
 */
export function requireGranted(
  { pair, jobId, bound }: { pair: string; jobId: string; bound: bigint },
  granted: bigint,
  ofRun: readonly QueryJob[],
): void {
  const spent = ofRun
    .filter((job) => job.purpose === 'fetch' && job.jobId !== jobId)
    .reduce((sum, job) => sum + billedAtMost(job), 0n);
  if (spent + bound <= granted) return;
  throw denied(
    { pair },
    `${formatBytes(granted)} were granted to its run, of which ${formatBytes(spent)} are spent, and it may bill ${formatBytes(bound)}`,
  );
}

function billedAtMost({ state, billingUnknown, maximumBytesBilled, bytesBilled }: QueryJob): bigint {
  return state === 'running' || billingUnknown ? maximumBytesBilled : bytesBilled;
}

function denied({ pair }: Pick<FetchPairRequest, 'pair'>, why: string): OnescanError {
  const message = `the fetch of ${pair} was not approved: ${why}. Nothing was sent to the warehouse`;
  return new OnescanError('PERMISSION_DENIED', message, { remedy: REMEDY, details: { pair } });
}
