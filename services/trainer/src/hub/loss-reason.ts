import type { ChannelSecurity } from '@onescan/shared/grpc/tls/channel-security.js';
import { explainTlsFailure } from '@onescan/shared/grpc/tls/tls-failure.js';
import type { OnescanError } from '@onescan/shared/onescan-error.js';

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
