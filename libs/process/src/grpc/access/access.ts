import { timingSafeEqual } from 'node:crypto';
import type { Logger } from '../../log.js';
import { LastGood } from '../tls/last-good.js';
import type { Role } from './access-table.js';
import { type AccessFiles, type AccessRules, bearerHash, readAccessRules } from './roles-file.js';

/** How a server knows who calls. */
export type CalledBy = 'socket' | 'machine' | 'token' | 'certificate';

/** Who calls, and what he may. */
export interface Caller {
  /** Empty when nobody is told from another. */
  readonly name: string;
  readonly by: CalledBy;
  readonly roles: ReadonlySet<Role>;
}

/** A certificate that a connection was made with, already verified. */
export interface ShownCertificate {
  /** DER. */
  readonly raw: Buffer;
  /** SHA-256 of it, as hexadecimal digits. */
  readonly fingerprint: string;
  readonly name: string | undefined;
  /** In milliseconds since 1970. */
  readonly expires: number;
}

/** What a call brings to be known by. */
export interface Evidence {
  readonly certificate: ShownCertificate | undefined;
  /** Header "authorization". */
  readonly authorization: string | undefined;
}

/** Who may be what on a server, by files that are read again while it runs. */
export class Access {
  readonly #rules: LastGood<AccessRules>;
  readonly #listeners = new Set<() => void>();

  /** @throws OnescanError as {@link readAccessRules} */
  constructor(files: AccessFiles, { log, reloadMs }: { log?: Logger; reloadMs?: number } = {}) {
    this.#rules = new LastGood({
      load: () => readAccessRules(files),
      onChange: ({ certificates, tokens, revoked }) => {
        log?.info(
          { certificates: certificates.size, tokens: tokens.length, revoked: revoked.size },
          'roles or tokens were replaced',
        );
        for (const listener of this.#listeners) listener();
      },
      onProblem: ({ text: problem }) =>
        log?.error({ problem }, 'roles or tokens cannot be used, the last good ones are kept'),
      ...(reloadMs === undefined ? {} : { everyMs: reloadMs }),
    });
  }

  /** True when callers may be known by a token. */
  get hasTokens(): boolean {
    return this.#rules.current.tokens.length > 0;
  }

  /** Called after roles, tokens or revocations have changed; returns what stops that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  isRevoked({ fingerprint }: ShownCertificate): boolean {
    return this.#rules.current.revoked.has(fingerprint);
  }

  /** Who calls: whom the certificate names, where that name has roles; else whose token it is; else nobody. */
  identify({ certificate, authorization }: Evidence): Caller | undefined {
    if (certificate && (this.isRevoked(certificate) || Date.now() > certificate.expires)) return undefined;
    const name = certificate?.name;
    const roles = name === undefined ? undefined : this.#rules.current.certificates.get(name);
    if (name !== undefined && roles) return { name, by: 'certificate', roles };
    return authorization === undefined ? undefined : this.ofToken(bearerHash(authorization));
  }

  close(): void {
    this.#rules.close();
  }

  /** Whose token has a SHA-256; nobody's when there is none, or no longer. */
  ofToken(given: Buffer): Caller | undefined {
    // All are compared, whichever it is.
    const [token] = this.#rules.current.tokens.filter(({ hash }) => timingSafeEqual(hash, given));
    return token && { name: token.name, by: 'token', roles: token.roles };
  }
}
