import { resolve } from 'node:path';
import type { ChannelSecurity } from '@onescan/process/grpc/tls/channel-security.js';
import type { Invocation } from '../context.js';

/**
 * Certificates and token with which services are called: the flags, else ONESCAN_TLS_CA, ONESCAN_TLS_CERT,
 * ONESCAN_TLS_KEY and ONESCAN_TOKEN_FILE. The local stack's sockets need none of them.
 */
export function securityOf({ global, terminal: { cwd, env } }: Invocation): ChannelSecurity {
  const path = (flag: string | undefined, variable: string): string | undefined => {
    const given = flag ?? env[variable];
    return given ? resolve(cwd, given) : undefined;
  };
  const files = {
    ca: path(global.tlsCa, 'ONESCAN_TLS_CA'),
    cert: path(global.tlsCert, 'ONESCAN_TLS_CERT'),
    key: path(global.tlsKey, 'ONESCAN_TLS_KEY'),
    tokenFile: path(global.tokenFile, 'ONESCAN_TOKEN_FILE'),
  };
  return Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined));
}
