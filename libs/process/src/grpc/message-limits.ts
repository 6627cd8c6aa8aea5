/** Largest gRPC message, in bytes: a horizon's ledger of 17,000 rows takes about 3 MiB. */
export const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

/** Options for every channel and server of Onescan. */
export const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.keepalive_time_ms': 10_000,
  // Not before the lease of a trainer (10 s): connections outlive a network that is back within it, and nothing is lost.
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  // A service that comes back is found within seconds, however long it was away.
  'grpc.max_reconnect_backoff_ms': 5_000,
} as const;
