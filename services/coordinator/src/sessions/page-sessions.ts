import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Access, Caller } from '@onescan/process/grpc/access/access.js';
import { CLIENT_ROLES } from '@onescan/process/grpc/access/access-table.js';
import type { Proof } from '@onescan/process/grpc/caller.js';
import { readOrCreateSecret } from '@onescan/process/secret-file.js';
import { userName } from '@onescan/process/user-name.js';
import { z } from 'zod';
import { SessionTable } from './session-table.js';

/** How long a link opens the page, and a browser stays signed in, in milliseconds. */
export const TICKET_MS = 10 * 60_000;
export const SESSION_MS = 12 * 3_600_000;

/** File in the state folder with what sessions are signed with: removed, everybody has to sign in again. */
const SECRET = 'page.key';

/** And the one with which of them are open. */
const TABLE = 'page.sessions';

/** Links that are open at once; of more the oldest count no longer. */
const MAX_TICKETS = 256;

const PROOF = z.union([
  z.strictObject({ by: z.enum(['socket', 'machine']) }),
  z.strictObject({ by: z.literal('token'), hash: z.string() }),
  z.strictObject({
    by: z.literal('certificate'),
    name: z.string(),
    fingerprint: z.string(),
    expires: z.number(),
  }),
]);

const SESSION = z.strictObject({ id: z.string(), untilMs: z.number(), proof: PROOF });

/** A browser that is signed in: as whom, and until when. */
export type PageSession = z.infer<typeof SESSION>;

/** A session as its browser gets it. */
export interface SignedIn {
  /** For a cookie that scripts cannot read. */
  readonly cookie: string;
  /** For a header that other pages, and other ports of the same host, cannot send. */
  readonly key: string;
  readonly session: PageSession;
}

/**
 * Who is signed in to the page. A session is a signed text that the browser keeps, and an entry of a table that outlives the
 * process: without the entry the text is worth nothing. What its owner may do is looked up with each call, so it does not
 * outlive his role, his token or his certificate.
 */
export class PageSessions {
  /** Where the page is served, with its last "/"; undefined where none is. */
  address: string | undefined;
  readonly #secret: Uint8Array;
  readonly #clock: () => number;
  readonly #table: SessionTable;
  readonly #tickets = new Map<string, { proof: Proof; untilMs: number }>();

  /**
   * @param secret 32 bytes that outlive the process
   * @param tablePath of the file that says which sessions are open
   */
  constructor(secret: Uint8Array, tablePath: string, clock: () => number = () => Date.now()) {
    this.#secret = secret;
    this.#clock = clock;
    this.#table = new SessionTable(tablePath, clock);
  }

  /**
   * Those of a state folder.
   *
   * @throws OnescanError DATA_LOSS when its key is none
   */
  static open(stateDir: string): PageSessions {
    return new PageSessions(readOrCreateSecret(join(stateDir, SECRET)), join(stateDir, TABLE));
  }

  /**
   * A link that signs in once, as who is proved.
   *
   * @throws OnescanError FAILED_PRECONDITION when no page is served
   */
  openLink(proof: Proof): { url: string; expiresMs: number } {
    if (this.address === undefined) {
      throw new OnescanError('FAILED_PRECONDITION', 'this coordinator serves no page', {
        remedy: 'Start it with --page HOST:PORT',
      });
    }
    const ticket = randomBytes(32).toString('base64url');
    const expiresMs = this.#clock() + TICKET_MS;
    this.#tickets.set(ticket, { proof, untilMs: expiresMs });
    const [oldest] = this.#tickets.keys();
    if (this.#tickets.size > MAX_TICKETS && oldest !== undefined) this.#tickets.delete(oldest);
    // Behind "#", so that it is in no request line, log or Referer.
    return { url: `${this.address}#ticket=${ticket}`, expiresMs };
  }

  /** Whom a link was made for; undefined when it was used, has expired or is none. */
  takeTicket(ticket: string): Proof | undefined {
    const found = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return found && found.untilMs > this.#clock() ? found.proof : undefined;
  }

  /** Signs a browser in. */
  signIn(proof: Proof): SignedIn {
    const session = {
      id: randomBytes(16).toString('base64url'),
      untilMs: this.#clock() + SESSION_MS,
      proof,
    };
    this.#table.open(session.id, session.untilMs);
    const text = Buffer.from(JSON.stringify(session)).toString('base64url');
    return { cookie: `${text}.${this.#sign(`session ${text}`)}`, key: this.keyOf(session), session };
  }

  /** Ends a session: its cookie is worth nothing any longer, in whatever browser. */
  signOut({ id }: PageSession): void {
    this.#table.end(id);
  }

  /** The session of a cookie; undefined when it is none of ours, or over. */
  read(cookie: string): PageSession | undefined {
    const [text = '', signature = ''] = cookie.split('.', 2);
    if (!same(signature, this.#sign(`session ${text}`))) return undefined;
    const session = SESSION.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return this.#isOpen(session) ? session : undefined;
  }

  /** What a session's own page sends with each request, and what lets a file of a run be opened by a link. */
  keyOf({ id }: PageSession, what = 'page'): string {
    return this.#sign(`key ${what} ${id}`);
  }

  /** True for the key of a session. */
  isKeyOf(session: PageSession, key: string, what?: string): boolean {
    return same(key, this.keyOf(session, what));
  }

  /** Who calls in a session, given as {@link textOf} writes it. */
  identify(text: string | undefined, access: Access | undefined): Caller | undefined {
    const session = SESSION.parse(JSON.parse(text ?? ''));
    return this.#isOpen(session) ? this.callerOf(session, access) : undefined;
  }

  /** A session as calls carry it within this process. */
  textOf(session: PageSession): string {
    return JSON.stringify(session);
  }

  /** Who a session's owner is now; undefined when he is nobody any longer. */
  callerOf({ proof }: PageSession, access: Access | undefined): Caller | undefined {
    if (proof.by === 'token') return access?.ofToken(Buffer.from(proof.hash, 'hex'));
    if (proof.by === 'certificate') {
      const { name, fingerprint, expires } = proof;
      const certificate = { name, fingerprint, expires, raw: Buffer.alloc(0) };
      return access?.identify({ certificate, authorization: undefined });
    }
    const roles = new Set(CLIENT_ROLES);
    if (proof.by === 'socket') return { name: userName(), by: 'socket', roles };
    // Without rules everybody of the machine is let in; with them nobody without a name is.
    return access ? undefined : { name: '', by: 'machine', roles };
  }

  #isOpen({ id, untilMs }: PageSession): boolean {
    return untilMs > this.#clock() && this.#table.has(id);
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url');
  }
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
