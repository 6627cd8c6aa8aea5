import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  GetReportRequest,
  type GetReportResponse,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Access } from '@onescan/process/grpc/access/access.js';
import { bearerProof, type Proof } from '@onescan/process/grpc/caller.js';
import { CallRate } from '@onescan/process/grpc/guard/call-rate.js';
import type { InProcessCalls } from '@onescan/process/grpc/in-process-calls.js';
import { type PageSession, type PageSessions, SESSION_MS, type SignedIn } from '../sessions/page-sessions.js';
import { drained, streamEvents } from './event-stream.js';
import { readJson, sendError, sendJson } from './http-answers.js';
import type { PageFile } from './page-files.js';
import { PAGE_METHODS } from './page-methods.js';
import { isFromOwnPage, isOwnHost, PAGE_HEADERS, type PageOrigin, REPORT_HEADERS } from './page-security.js';

/** Header in which the page sends the key of its session. */
const KEY_HEADER = 'x-onescan-page-key';

/** Events that may be followed at once, over all browsers. */
const MAX_STREAMS = 64;

export interface PageDoorParts {
  readonly files: ReadonlyMap<string, PageFile>;
  readonly sessions: PageSessions;
  /** Who may be what, where the coordinator has such rules. */
  readonly access: Access | undefined;
  readonly calls: InProcessCalls;
  /** Aborted when the process stops. */
  readonly stopping: AbortSignal;
  /** Address of a Jaeger in which traces can be looked at; empty without one. */
  readonly traces: string;
  readonly version: string;
}

/** Answers the page's requests: its files, sign-in, and the coordinator's methods in JSON, called as its user. */
export class PageDoor {
  readonly #parts: PageDoorParts;
  readonly #origin: PageOrigin;
  readonly #signIns = new SignInRate();
  #streams = 0;

  constructor(parts: PageDoorParts, origin: PageOrigin) {
    this.#parts = parts;
    this.#origin = origin;
  }

  /** Answers a request; whatever goes wrong is answered too. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (!isOwnHost(this.#origin, request.headers.host)) {
        throw new OnescanError('PERMISSION_DENIED', 'this server is not called by that name', {
          remedy: `Open ${this.#parts.sessions.address ?? 'the address that was printed'}`,
        });
      }
      const path = (request.url ?? '/').split('?', 1)[0]!;
      if (request.method === 'GET' || request.method === 'HEAD') await this.#get(path, request, response);
      else if (request.method === 'POST') await this.#post(path, request, response);
      else throw new OnescanError('UNIMPLEMENTED', 'this server takes GET and POST');
    } catch (thrown) {
      sendError(response, thrown);
    }
  }

  async #get(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const report = /^\/report\/([\w-]{1,128})\/([\w-]{1,64})$/.exec(path);
    if (report) return await this.#report(report[1]!, report[2]!, request, response);
    const file = this.#parts.files.get(path);
    if (!file) throw new OnescanError('NOT_FOUND', 'there is no such file');
    const headers = { ...PAGE_HEADERS, 'cache-control': 'no-cache', etag: file.etag };
    if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(200, { ...headers, 'content-type': file.type, 'content-length': file.body.length });
    response.end(request.method === 'HEAD' ? undefined : file.body);
  }

  async #post(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isFromOwnPage(this.#origin, request.headers)) {
      throw new OnescanError('PERMISSION_DENIED', 'only the page itself may ask');
    }
    const json = await readJson(request);
    if (path === '/session') return this.#signIn(json, response);
    const session = this.#session(request);
    if (!this.#parts.sessions.isKeyOf(session, one(request.headers[KEY_HEADER]))) {
      throw new OnescanError('UNAUTHENTICATED', 'the request does not come from the page that signed in', {
        remedy: 'Open the page anew with: onescan page',
      });
    }
    if (path === '/sign-out') return this.#signOut(session, response);
    if (path === '/api/me') return sendJson(response, this.#me(session));
    if (path === '/api/watchRun') return await this.#watch(session, json, request, response);
    if (path === '/api/reportLink') return sendJson(response, this.#reportLink(session, json));
    await this.#call(session, path, json, response);
  }

  /** With a link's ticket, or a bearer token as gRPC takes it. */
  #signIn({ ticket, token }: Record<string, unknown>, response: ServerResponse): void {
    const proof = this.#proofOf(ticket, token);
    if (!proof) {
      throw new OnescanError('UNAUTHENTICATED', 'that does not sign in here', {
        remedy:
          'A link opens the page once and for ten minutes: make another with "onescan page", or give a bearer token',
      });
    }
    const { cookie, key, session } = this.#parts.sessions.signIn(proof);
    const headers = { 'set-cookie': this.#cookie(cookie, SESSION_MS / 1_000) };
    sendJson(response, { key, ...this.#me(session) }, headers);
  }

  /** Of this session everywhere: what it has open ends, and a copy of its cookie is worth nothing. */
  #signOut(session: PageSession, response: ServerResponse): void {
    this.#parts.sessions.signOut(session);
    this.#parts.calls.recheck();
    sendJson(response, {}, { 'set-cookie': this.#cookie('', 0) });
  }

  #proofOf(ticket: unknown, token: unknown): Proof | undefined {
    const { sessions, access } = this.#parts;
    if (typeof ticket === 'string') return sessions.takeTicket(ticket);
    if (typeof token !== 'string') return undefined;
    this.#signIns.take();
    const proof = bearerProof(token.trim());
    return access?.ofToken(Buffer.from(proof.hash, 'hex')) && proof;
  }

  #me(session: PageSession): object {
    const caller = this.#parts.sessions.callerOf(session, this.#parts.access);
    if (!caller) throw notSignedIn();
    const { traces, version } = this.#parts;
    return {
      name: caller.name,
      roles: [...caller.roles],
      until: new Date(session.untilMs).toISOString(),
      traces,
      version,
    };
  }

  async #call(
    session: PageSession,
    path: string,
    json: Record<string, unknown>,
    response: ServerResponse,
  ): Promise<void> {
    const name = path.replace(/^\/api\//, '');
    const method = Object.hasOwn(PAGE_METHODS, name)
      ? PAGE_METHODS[name as keyof typeof PAGE_METHODS]
      : undefined;
    if (!method || name === path) throw new OnescanError('UNIMPLEMENTED', 'there is no such method');
    const messages: object[] = [];
    await this.#parts.calls.call(name, method.request(json), {
      ...this.#as(session, response),
      onMessage: (message) => {
        messages.push(message);
      },
    });
    sendJson(response, method.answer(messages));
  }

  async #watch(
    session: PageSession,
    json: Record<string, unknown>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (this.#streams >= MAX_STREAMS) {
      throw new OnescanError('RESOURCE_EXHAUSTED', `at most ${MAX_STREAMS} pages follow events at once`, {
        remedy: 'Close pages that nobody looks at',
      });
    }
    this.#streams++;
    try {
      const last = one(request.headers['last-event-id']);
      const from = last === '' ? json : { ...json, afterSequence: last };
      await streamEvents(this.#parts.calls, from, { ...this.#as(session, response), response });
    } finally {
      this.#streams--;
    }
  }

  /** A way to the report that holds for this session only; what opens it can do nothing else. */
  #reportLink(session: PageSession, { runId }: Record<string, unknown>): object {
    if (typeof runId !== 'string' || !/^[\w-]{1,128}$/.test(runId)) {
      throw new OnescanError('INVALID_ARGUMENT', 'run_id is no id of a run');
    }
    return { path: `/report/${runId}/${this.#parts.sessions.keyOf(session, `report ${runId}`)}` };
  }

  async #report(
    runId: string,
    key: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const session = this.#session(request);
    if (!this.#parts.sessions.isKeyOf(session, key, `report ${runId}`)) throw notSignedIn();
    const as = this.#as(session, response);
    await this.#parts.calls.call('getReport', GetReportRequest.create({ runId }), {
      ...as,
      onMessage: async (message) => {
        if (!response.headersSent) {
          const type = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
          response.writeHead(200, { ...REPORT_HEADERS, ...type });
        }
        if (!response.write((message as GetReportResponse).chunk)) await drained(response, as.signal);
      },
    });
    response.end();
  }

  #session(request: IncomingMessage): PageSession {
    const name = this.#cookieName();
    const cookies = (request.headers.cookie ?? '').split(/; */).map((text) => text.split('=', 2));
    const [, value = ''] = cookies.find(([given]) => given === name) ?? [];
    const session = this.#parts.sessions.read(value);
    if (!session) throw notSignedIn();
    return session;
  }

  /** How a call is made as a session's owner; it ends when its browser goes. */
  #as(
    session: PageSession,
    response: ServerResponse,
  ): { authorization: string; peer: string; signal: AbortSignal } {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#parts.stopping]);
    return { authorization: this.#parts.sessions.textOf(session), peer: `page ${session.id}`, signal };
  }

  #cookieName(): string {
    // A name that browsers keep to one host, path and TLS, where there is TLS.
    return this.#origin.tls ? '__Host-onescan' : `onescan-${this.#origin.port}`;
  }

  #cookie(value: SignedIn['cookie'], seconds: number): string {
    const secure = this.#origin.tls ? '; Secure' : '';
    return `${this.#cookieName()}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
  }
}

function notSignedIn(): OnescanError {
  return new OnescanError('UNAUTHENTICATED', 'nobody is signed in', {
    remedy: 'Open the page with the link that "onescan page" prints, or give a bearer token',
  });
}

function one(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : '';
}

/** Attempts at once, and each second after that. Links are not counted: nobody can keep others out by trying. */
const ATTEMPTS = { burst: 20, perSecond: 1 };

/** Bounds how often tokens may be tried, over all who try. */
class SignInRate {
  readonly #rate = new CallRate(ATTEMPTS);

  /**
   * Counts an attempt.
   *
   * @throws OnescanError RESOURCE_EXHAUSTED when there were too many
   */
  take(): void {
    if (this.#rate.take('')) return;
    throw new OnescanError('RESOURCE_EXHAUSTED', 'too many attempts to sign in', { remedy: 'Wait a minute' });
  }
}
