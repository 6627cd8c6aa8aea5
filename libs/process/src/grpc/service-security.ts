import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Logger } from '../log.js';
import { readOrCreateSecret } from '../secret-file.js';
import { Access } from './access/access.js';
import { readAccessRules } from './access/roles-file.js';
import { parseAddress } from './address.js';
import { isLoopbackHost } from './loopback.js';
import { type ChannelSecurity, CLIENT_FLAGS, readToken } from './tls/channel-security.js';
import { SERVER_FLAGS, ServerTls } from './tls/server-tls.js';
import { readTlsFiles } from './tls/tls-files.js';

/** Files of a service: of its own, of its callers, and of those whom it calls. */
export interface SecurityOptions {
  /** Certificate and key, shown to callers and to those whom it calls. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** Authorities of callers' certificates. */
  readonly tlsClientCa?: string;
  /** Authorities of those whom it calls. */
  readonly tlsCa?: string;
  /** Which names and tokens may be what. */
  readonly roles?: string;
  /** The one token that has all roles of a client. */
  readonly tokenFile?: string;
}

/** What a server is started with. */
export interface ServerSecurity {
  readonly tls?: ServerTls;
  readonly access?: Access;
  close(): void;
}

/**
 * Reads all files once and holds them against each other and the addresses served, before anything is started.
 *
 * @param listens addresses that are served
 * @throws OnescanError naming the flag, the file and what to do
 */
export function requireSecurity(
  options: SecurityOptions,
  listens: Readonly<Record<string, string | undefined>>,
): void {
  const { tlsCert, tlsKey, tlsClientCa, tlsCa, roles, tokenFile } = options;
  if (tlsClientCa !== undefined && tlsCert === undefined) {
    throw missing('--tls-cert', '--tls-client-ca', 'Give the certificate and the key of this service too');
  }
  if (tlsClientCa !== undefined && roles === undefined) {
    throw missing('--roles', '--tls-client-ca', 'Say in a file who may do what: docs/security.md shows one');
  }
  readTlsFiles(filesOf({ cert: tlsCert, key: tlsKey, ca: tlsClientCa }), SERVER_FLAGS);
  readTlsFiles(filesOf({ ca: tlsCa }), CLIENT_FLAGS);
  if (roles !== undefined) readAccessRules({ rolesFile: roles });
  for (const [flag, listen] of Object.entries(listens)) {
    if (listen !== undefined) {
      requireSafeAddress(flag, listen, {
        isEncrypted: tlsCert !== undefined,
        isGuarded: roles !== undefined || tokenFile !== undefined,
      });
    }
  }
}

/**
 * Makes sure that an address beyond this machine is served over TLS, to callers that are known.
 *
 * @throws OnescanError INVALID_ARGUMENT
 */
export function requireSafeAddress(
  flag: string,
  listen: string,
  { isEncrypted, isGuarded }: { isEncrypted: boolean; isGuarded: boolean },
): void {
  const address = parseAddress(flag, listen);
  if (address.kind === 'unix' || isLoopbackHost(address.host)) return;
  if (!isEncrypted) {
    throw new OnescanError('INVALID_ARGUMENT', `refusing to listen on ${address.host} without TLS`, {
      remedy:
        'Listen on a loopback address such as 127.0.0.1, or give --tls-cert and --tls-key; docs/security.md says how to make certificates',
    });
  }
  if (isGuarded) return;
  throw new OnescanError(
    'INVALID_ARGUMENT',
    `refusing to listen on ${address.host}, where anybody could call`,
    { remedy: 'Say who may: with --roles, and --tls-client-ca where callers have certificates' },
  );
}

/**
 * Certificates and rules of a server, read again while it runs. A token file that is missing is made.
 *
 * @throws OnescanError as {@link requireSecurity}
 */
export function serverSecurity(options: SecurityOptions, log: Logger): ServerSecurity {
  const { tlsCert, tlsKey, tlsClientCa, roles, tokenFile } = options;
  if (tokenFile !== undefined) readOrCreateSecret(tokenFile);
  const isGuarded = roles !== undefined || tokenFile !== undefined;
  const rules = {
    ...(roles === undefined ? {} : { rolesFile: roles }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
  };
  const access = isGuarded ? new Access(rules, { log }) : undefined;
  const files = {
    cert: tlsCert ?? '',
    key: tlsKey ?? '',
    ...(tlsClientCa === undefined ? {} : { clientCa: tlsClientCa }),
  };
  const allowsAnonymous = access?.hasTokens ?? true;
  const tls = tlsCert === undefined ? undefined : new ServerTls(files, { allowsAnonymous, log });
  return {
    ...(tls ? { tls } : {}),
    ...(access ? { access } : {}),
    close: () => {
      tls?.close();
      access?.close();
    },
  };
}

/** How a service calls others: with its own certificate, and the token for them if it has one. */
export function clientSecurity(
  { tlsCert, tlsKey, tlsCa }: SecurityOptions,
  tokenFile?: string,
): ChannelSecurity {
  if (tokenFile !== undefined) readToken(tokenFile);
  return {
    ...(tlsCa === undefined ? {} : filesOf({ ca: tlsCa, cert: tlsCert, key: tlsKey })),
    ...(tokenFile === undefined ? {} : { tokenFile }),
  };
}

function filesOf<File extends string>(
  files: Readonly<Record<File, string | undefined>>,
): { readonly [F in File]?: string } {
  return Object.fromEntries(Object.entries(files).filter(([, path]) => path !== undefined)) as {
    readonly [F in File]?: string;
  };
}

function missing(flag: string, given: string, remedy: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `${given} is given without ${flag}`, { remedy });
}
