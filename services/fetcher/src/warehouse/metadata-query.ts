import type { FetchCause } from './warehouse.js';

/** A query on metadata that a warehouse bills. */
export interface MetadataQuery {
  readonly jobId: string;
  readonly sql: string;
  readonly maximumBytesBilled: bigint;
  readonly startedAt: string;
  /** The approved fetch that asked; absent while planning. */
  readonly fetch?: FetchCause;
  /** Set when it has ended, and what it was billed is known. */
  readonly bytesBilled?: bigint;
  /** Set when it has failed. */
  readonly error?: string;
}
