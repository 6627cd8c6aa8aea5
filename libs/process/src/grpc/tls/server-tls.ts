import { constants, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Logger } from '../../log.js';
import { LastGood } from './last-good.js';
import { expiryOf, readTlsFiles, type TlsFiles, type TlsMaterial } from './tls-files.js';

/** Files of a server, and how it treats clients. */
export interface ServerTlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Authorities of clients; absent: no certificates are asked for. */
  readonly clientCa?: string;
}

export interface ServerTlsOptions {
  /** Clients without a certificate are let in, to be told by their tokens. */
  readonly allowsAnonymous: boolean;
  readonly log?: Logger;
  /** Time between two looks at the files, in milliseconds. */
  readonly reloadMs?: number;
}

/** What a server's files are called in messages. */
export const SERVER_FLAGS = { cert: '--tls-cert', key: '--tls-key', ca: '--tls-client-ca' };

/** Time for a client to shake hands, in milliseconds. */
const HANDSHAKE_MS = 10_000;

const DAY_MS = 86_400_000;

/** So long before its end a certificate is warned about. */
const WARN_BEFORE_MS = 14 * DAY_MS;

/** A server's side of TLS: its certificate and its clients' authorities, read again while it runs. */
export class ServerTls {
  readonly credentials: ServerCredentials;
  readonly asksForCertificates: boolean;
  readonly #files: LastGood<TlsMaterial>;
  readonly #listeners = new Set<() => void>();
  readonly #log: Logger | undefined;
  readonly #expiry: NodeJS.Timeout;

  /** @throws OnescanError as readTlsFiles */
  constructor({ cert, key, clientCa }: ServerTlsFiles, { allowsAnonymous, log, reloadMs }: ServerTlsOptions) {
    this.#log = log;
    this.asksForCertificates = clientCa !== undefined;
    const files: TlsFiles = { cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) };
    this.#files = new LastGood({
      load: () => readTlsFiles(files, SERVER_FLAGS),
      onChange: (now) => this.#changed(credentials, now),
      onProblem: ({ text: problem }) =>
        log?.error({ problem, cert }, 'the certificates cannot be used, the last good ones are kept'),
      ...(reloadMs === undefined ? {} : { everyMs: reloadMs }),
    });
    const credentials = new ReloadedCredentials(this.#files.current, { allowsAnonymous });
    this.credentials = credentials;
    this.#tellExpiry();
    this.#expiry = setInterval(() => this.#tellExpiry(), DAY_MS).unref();
  }

  /** What a server of another protocol is made of the same files with; no client certificates are asked for. */
  get context(): SecureContextOptions {
    return contextOf({ ...this.#files.current, ca: undefined });
  }

  /** The first name that the certificate is for; undefined when it has none. */
  get name(): string | undefined {
    const names = this.#files.current.identity!.leaf.subjectAltName ?? '';
    return /(?:DNS|IP Address):([^\s,]+)/.exec(names)?.[1];
  }

  /** True when the certificate is for a host by which somebody calls. */
  isFor(host: string): boolean {
    const { leaf } = this.#files.current.identity!;
    const bare = host.replace(/^\[(.*)\]$/, '$1');
    return (isIP(bare) === 0 ? leaf.checkHost(bare) : leaf.checkIP(bare)) !== undefined;
  }

  /** Called after the files have changed; returns what stops that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * True while a certificate that was let in would be again: it has not expired, and one of the authorities signed it.
   * One whose authority only the client has sent is not known here; it may shake hands again.
   */
  trusts(raw: Buffer, now = Date.now()): boolean {
    const certificate = new X509Certificate(raw);
    if (now > expiryOf(certificate)) return false;
    const authorities = this.#files.current.ca?.list ?? [];
    return authorities.some(
      (authority) =>
        authority.raw.equals(raw) ||
        (now <= expiryOf(authority) &&
          certificate.checkIssued(authority) &&
          certificate.verify(authority.publicKey)),
    );
  }

  close(): void {
    this.#files.close();
    clearInterval(this.#expiry);
  }

  #changed(credentials: ReloadedCredentials, now: TlsMaterial): void {
    credentials.use(now);
    this.#log?.info(facts(now), 'the certificates were replaced');
    this.#tellExpiry();
    for (const listener of this.#listeners) listener();
  }

  #tellExpiry(): void {
    const { current } = this.#files;
    const left = expiryOf(current.identity!.leaf) - Date.now();
    if (left < 0) this.#log?.error(facts(current), "the server's certificate has expired: clients refuse it");
    else if (left < WARN_BEFORE_MS) this.#log?.warn(facts(current), "the server's certificate expires soon");
    else this.#log?.info(facts(current), "the server's certificate");
  }
}

function facts({ identity, ca }: TlsMaterial): object {
  const { subject, subjectAltName, fingerprint256 } = identity!.leaf;
  const expires = expiryOf(identity!.leaf);
  return {
    subject,
    names: subjectAltName,
    fingerprint: fingerprint256,
    expires: new Date(expires).toISOString(),
    daysLeft: Math.floor((expires - Date.now()) / DAY_MS),
    ...(ca
      ? { clientCaExpires: ca.list.map((certificate) => new Date(expiryOf(certificate)).toISOString()) }
      : {}),
  };
}

/**
 * grpc-js offers only a provider of its own, which drops all new connections while a file is broken and takes its
 * two arguments in the other order than its types say.
 */
class ReloadedCredentials extends ServerCredentials {
  constructor(material: TlsMaterial, { allowsAnonymous }: { allowsAnonymous: boolean }) {
    super(
      {
        requestCert: material.ca !== undefined,
        rejectUnauthorized: material.ca !== undefined && !allowsAnonymous,
        handshakeTimeout: HANDSHAKE_MS,
      },
      contextOf(material),
    );
  }

  use(material: TlsMaterial): void {
    this.updateSecureContextOptions(contextOf(material));
  }

  _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOf({
  identity,
  ca,
}: Pick<TlsMaterial, 'identity'> & { readonly ca?: TlsMaterial['ca'] | undefined }): SecureContextOptions {
  return {
    cert: identity!.cert,
    key: identity!.key,
    ...(ca ? { ca: ca.pem } : {}),
    minVersion: 'TLSv1.2',
    // A session that is resumed would not look at the client's certificate again.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}
