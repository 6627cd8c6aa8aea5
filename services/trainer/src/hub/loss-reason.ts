import type { OnescanError } from '@onescan/contract/onescan-error.js';
import type { ChannelSecurity } from '@onescan/process/grpc/tls/channel-security.js';
import { explainTlsFailure } from '@onescan/process/grpc/tls/tls-failure.js';

/** Why there is no stream to a coordinator, with what certificates have to do with it, which gRPC does not tell. */
export async function lossReason(
  { code, message }: OnescanError,
  coordinator: string,
  security: ChannelSecurity = {},
): Promise<string> {
  if (security.ca === undefined || code !== 'UNAVAILABLE') return message;
  const why = await explainTlsFailure(coordinator, security).catch(() => undefined);
  return why?.text ?? message;
}
