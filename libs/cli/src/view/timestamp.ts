import type { Timestamp } from '@onescan/contract/generated/google/protobuf/timestamp.js';

/** Milliseconds since 1970 of a wire timestamp; undefined when it is unset. */
export function epochMs(timestamp: Timestamp | undefined): number | undefined {
  if (timestamp === undefined) return undefined;
  return Number(timestamp.seconds) * 1000 + timestamp.nanos / 1e6;
}

/** "2026-03-01 12:34:56" in UTC; "-" when unset. */
export function timestampText(timestamp: Timestamp | undefined): string {
  const ms = epochMs(timestamp);
  return ms === undefined ? '-' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
