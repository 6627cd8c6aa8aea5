/** What one server allows its callers altogether; docs/security.md lists the defaults. */
export interface ServerLimits {
  /** Connections at the same time; more are closed as they come. */
  readonly connections: number;
  /** Calls under way at the same time on one connection; grpc clients let more wait. */
  readonly streams: number;
  /** Largest message received, in bytes, after decompression too. Methods have smaller limits of their own. */
  readonly messageBytes: number;
  /** Calls on one connection: so many at once, and so many a second after that. */
  readonly calls: { readonly burst: number; readonly perSecond: number };
  /** Time within which the first message of a call must come. */
  readonly firstMessageMs: number;
  /** After this long without a call a connection is closed. */
  readonly idleMs: number;
  /** Connections are renewed after this long; calls have the grace to end in. */
  readonly ageMs: number;
  readonly ageGraceMs: number;
}

const HOUR_MS = 3_600_000;

export const SERVER_LIMITS: ServerLimits = {
  connections: 512,
  streams: 256,
  messageBytes: 1024 * 1024,
  calls: { burst: 5_000, perSecond: 1_000 },
  firstMessageMs: 10_000,
  idleMs: HOUR_MS / 6,
  ageMs: 24 * HOUR_MS,
  ageGraceMs: HOUR_MS,
};
