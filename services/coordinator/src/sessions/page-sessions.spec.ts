import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Access } from '@onescan/process/grpc/access/access.js';
import { replaceFile } from '@onescan/process/testing/certificates.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PageSessions, SESSION_MS, TICKET_MS } from './page-sessions.js';
import { MAX_SESSIONS } from './session-table.js';

const SECRET = Buffer.alloc(32, 7);
const FINGERPRINT = 'ab'.repeat(32);

let folder: string;
let now = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-sessions-'));
  now = Date.now();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sessions(secret = SECRET): PageSessions {
  const made = new PageSessions(secret, join(folder, 'page.sessions'), () => now);
  made.address = 'http://127.0.0.1:7480/';
  return made;
}

function access(revoked: string[] = []): Access {
  const rules = { certificates: { alice: ['viewer'] }, revoked };
  return new Access({ rolesFile: replaceFile(join(folder, 'roles.json'), JSON.stringify(rules), 0o600) });
}

it('a link is good once, for ten minutes, and the latest 256 of them', () => {
  const page = sessions();
  const ticketOf = (): string => page.openLink({ by: 'socket' }).url.split('#ticket=')[1]!;
  const first = ticketOf();
  expect(page.takeTicket(first)).toEqual({ by: 'socket' });
  expect(page.takeTicket(first)).toBeUndefined();
  const late = ticketOf();
  now += TICKET_MS;
  expect(page.takeTicket(late)).toBeUndefined();
  const tickets = Array.from({ length: 257 }, ticketOf);
  expect(page.takeTicket(tickets[0]!)).toBeUndefined();
  expect(page.takeTicket(tickets[1]!)).toBeDefined();
  page.address = undefined;
  expect(ticketOf).toThrow(/serves no page/);
});

it('a session is known by any coordinator of its folder until it ends, changed ones by none', () => {
  const { cookie, key, session } = sessions().signIn({ by: 'socket' });
  expect(sessions().read(cookie)).toEqual(session);
  expect(sessions().isKeyOf(session, key)).toBe(true);
  expect(sessions().isKeyOf(session, key, 'report x')).toBe(false);
  expect(sessions(Buffer.alloc(32, 8)).read(cookie)).toBeUndefined();
  const [text = '', signature = ''] = cookie.split('.');
  const later = Buffer.from(JSON.stringify({ ...session, untilMs: 9e15 })).toString('base64url');
  for (const forged of ['', '.', text, `${later}.${signature}`, `${text}.${signature}x`, `.${signature}`]) {
    expect(sessions().read(forged)).toBeUndefined();
  }
  now += SESSION_MS;
  expect(sessions().read(cookie)).toBeUndefined();
  expect(sessions().identify(sessions().textOf(session), undefined)).toBeUndefined();
});

it("its owner may what he may now: nothing more after his certificate's end or revocation", () => {
  const certificate = { by: 'certificate', name: 'alice', fingerprint: FINGERPRINT } as const;
  const rules = access();
  const callerOf = (expires: number, by = rules) =>
    sessions().callerOf(sessions().signIn({ ...certificate, expires }).session, by);
  expect(callerOf(now + 60_000)).toMatchObject({ name: 'alice', by: 'certificate' });
  expect(callerOf(now - 1)).toBeUndefined();
  rules.close();
  const revoking = access([FINGERPRINT]);
  expect(callerOf(now + 60_000, revoking)).toBeUndefined();
  // Who was let in while everybody was is nobody once there are rules.
  const machine = sessions().signIn({ by: 'machine' }).session;
  expect([...sessions().callerOf(machine, undefined)!.roles]).toEqual(['viewer', 'runner', 'approver']);
  expect(sessions().callerOf(machine, revoking)).toBeUndefined();
  revoking.close();
});

it('signed out is signed out for every copy of the cookie, also after a restart; of too many the oldest is', () => {
  const page = sessions();
  const { cookie, session } = page.signIn({ by: 'socket' });
  const other = page.signIn({ by: 'socket' });
  page.signOut(session);
  for (const each of [page, sessions()]) {
    expect(each.read(cookie)).toBeUndefined();
    expect(each.identify(each.textOf(session), undefined)).toBeUndefined();
    expect(each.read(other.cookie)).toEqual(other.session);
  }
  expect(statSync(join(folder, 'page.sessions')).mode & 0o777).toBe(0o600);
  now += 1;
  const later = Array.from({ length: MAX_SESSIONS }, () => page.signIn({ by: 'socket' }));
  expect(page.read(other.cookie)).toBeUndefined();
  expect(page.read(later[0]!.cookie)).toEqual(later[0]!.session);
  // A table that is gone, or none of ours, signs everybody out.
  writeFileSync(join(folder, 'page.sessions'), '{"a":');
  expect(sessions().read(later[0]!.cookie)).toBeUndefined();
});
