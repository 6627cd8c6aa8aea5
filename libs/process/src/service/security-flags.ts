import type { SecurityOptions } from '../grpc/service-security.js';
import { FILE } from './flag-kinds.js';
import type { FlagTable } from './flag-table.js';

/** Flags of a service that is called from other machines, or calls them. */
export const TLS_FLAGS = {
  tlsCert: {
    kind: FILE,
    doc: 'PEM certificate of this process, then those between it and its authority; read again when it is replaced ([security](security.md#tls))',
  },
  tlsKey: { kind: FILE, doc: "the certificate's private key, which nobody else can read" },
  tlsCa: {
    kind: FILE,
    doc: 'PEM certificates of the authorities of the services that this one calls; beyond this machine it calls none without',
  },
} as const satisfies FlagTable;

/** Flags of a service that says who may call it. */
export const CALLER_FLAGS = {
  tlsClientCa: {
    kind: FILE,
    doc: "PEM certificates of the authorities of callers' certificates, which are then asked for; takes `--roles`",
  },
  roles: {
    kind: FILE,
    doc: 'JSON: which names of certificates and which tokens may do what ([security](security.md#roles)); read again when it is replaced',
  },
} as const satisfies FlagTable;

/** Variables that stand for flags which are not given. */
const VARIABLES = {
  tlsCert: 'ONESCAN_TLS_CERT',
  tlsKey: 'ONESCAN_TLS_KEY',
  tlsCa: 'ONESCAN_TLS_CA',
  tlsClientCa: 'ONESCAN_TLS_CLIENT_CA',
} as const;

/** Options with what the environment says of those that are not given. */
export function withTlsEnvironment<Options extends SecurityOptions>(
  options: Options,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Options {
  const given = Object.entries(VARIABLES).flatMap(([option, variable]) => {
    const file = options[option as keyof typeof VARIABLES] ?? env[variable];
    return file ? [[option, FILE.read(file, variable)]] : [];
  });
  return { ...options, ...Object.fromEntries(given) };
}
