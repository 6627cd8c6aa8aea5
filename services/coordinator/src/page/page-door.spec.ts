import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { ApprovalMode, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { AUDIT_FILE } from '@onescan/process/audit/audit-log.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';
import { replaceFile } from '@onescan/process/testing/certificates.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderReport } from '../report/render-report.js';
import { PageClient } from '../testing/page-client.js';
import { ScriptedTrainer } from '../testing/scripted-trainer.js';
import { TestStack } from '../testing/test-stack.js';

/** Tokens by who has them. */
const TOKENS = {
  vera: 'token-of-vera-the-viewer',
  anna: 'token-of-anna-who-approves',
  ted: 'token-of-ted-who-trains',
};
const ROLES = { vera: ['viewer'], anna: ['viewer', 'runner', 'approver'], ted: ['trainer'] };

/** A name that would do harm in a page, a log line or a header. */
const NASTY = '"><img src=x onerror=alert(1)><script>alert(2)</script>';

let folder: string;
let stack: TestStack;
let trainer: ScriptedTrainer;
const open: { close(): void }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-page-'));
  await writeRoles(['vera', 'anna', 'ted']);
  stack = await TestStack.start(
    {},
    { roles: join(folder, 'roles.json'), page: '127.0.0.1:0' },
    { renderReport },
  );
  trainer = new ScriptedTrainer(stack.address, {
    id: 'trainer-1',
    security: { tokenFile: join(folder, 'ted') },
  });
});
afterAll(async () => {
  for (const each of [...open, trainer]) each.close();
  await stack.close();
  rmSync(folder, { recursive: true, force: true });
});

async function writeRoles(who: readonly (keyof typeof TOKENS)[]): Promise<void> {
  const tokens = who.map((name) => {
    replaceFile(join(folder, name), TOKENS[name], 0o600);
    return { name, roles: ROLES[name], file: name };
  });
  replaceFile(join(folder, 'roles.json'), JSON.stringify({ tokens }), 0o600);
}

function grpc(name: keyof typeof TOKENS): CoordinatorServiceClient {
  const client = createClient(CoordinatorServiceClient, stack.address, {}, { tokenFile: join(folder, name) });
  open.push(client);
  return client;
}

async function signedIn(name: keyof typeof TOKENS): Promise<PageClient> {
  const page = new PageClient(stack.page);
  expect((await page.signIn({ token: TOKENS[name] })).status).toBe(200);
  return page;
}

async function startRun(name = ''): Promise<string> {
  const anna = grpc('anna');
  const { APPROVAL_MODE_MANUAL: approvalMode } = ApprovalMode;
  const spec = RunSpec.fromPartial({ pairs: ['eurusd'], horizons: [15], approvalMode });
  const { runId } = await callUnary(anna, anna.startRun, { spec, rerunOf: '', tags: { name, labels: {} } });
  await expect
    .poll(async () => (await callUnary(anna, anna.getRun, { runId })).run!.plan?.planHash ?? '')
    .not.toBe('');
  return runId;
}

interface RunJson {
  readonly state: string;
  readonly plan: { readonly planHash: string };
  readonly approvedBy: string;
  readonly tags: { readonly name: string };
  readonly exclusions: Record<string, { code: string; columns: number }[]>;
}

async function getRun(page: PageClient, runId: string): Promise<RunJson> {
  return (await page.post('/api/getRun', { runId })).json.run as unknown as RunJson;
}

describe('whoever is not signed in', () => {
  it('gets the files of the page, each with a policy that runs nothing else, and nothing besides', async () => {
    const page = new PageClient(stack.page);
    for (const path of ['/', '/page.css', '/app/main.js', '/lib/preact.js', '/lib/format/bytes.js']) {
      const { status, headers } = await page.get(path);
      expect([path, status]).toEqual([path, 200]);
      expect(headers['content-security-policy']).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self'/,
      );
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(await page.get(path, { 'if-none-match': headers.etag! })).toMatchObject({
        status: 304,
        text: '',
      });
    }
    expect((await page.get('/')).text).not.toMatch(/<script(?! type="module" src=)|onclick|style=/);
    for (const path of [
      '/../package.json',
      '/app/../../package.json',
      '/app/%2e%2e/x',
      '/.git',
      '/api/me',
      '//',
    ]) {
      expect((await page.get(path)).status).toBe(404);
    }
  });

  it('is refused by every method, with a made-up cookie as without one', async () => {
    const page = new PageClient(stack.page);
    for (const cookie of ['', `onescan-${new URL(stack.page).port}=e30.AAAA`]) {
      page.cookie = cookie;
      for (const path of [
        '/api/listRuns',
        '/api/getRun',
        '/api/watchRun',
        '/api/me',
        '/api/reportLink',
        '/api/x',
      ]) {
        expect((await page.post(path, {})).status).toBe(401);
      }
    }
    expect((await page.signIn({ token: 'token-of-nobody-at-all' })).status).toBe(401);
    expect((await page.signIn({ token: TOKENS.vera.slice(1) })).status).toBe(401);
    expect((await page.signIn({ ticket: 'x' })).status).toBe(401);
    expect((await page.post('/session', '[]')).status).toBe(400);
    expect((await page.post('/session', '{')).status).toBe(400);
  });
});

describe('a request that the page did not make', () => {
  it('is refused by another name of the host, another origin, a form, or without the key', async () => {
    const page = await signedIn('anna');
    const { port, host } = new URL(stack.page);
    const ask = (headers: Record<string, string>) => page.post('/api/listRuns', {}, headers);
    expect((await ask({})).status).toBe(200);
    for (const foreign of [
      `evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      '127.0.0.1',
      `127.0.0.1:1`,
      `a@${host}`,
    ]) {
      expect([foreign, (await ask({ host: foreign, origin: `http://${foreign}` })).status]).toEqual([
        foreign,
        403,
      ]);
      expect((await page.get('/', { host: foreign })).status).toBe(403);
    }
    expect((await ask({ host: `localhost:${port}`, origin: `http://localhost:${port}` })).status).toBe(200);
    expect((await ask({ origin: 'http://evil.example' })).status).toBe(403);
    expect((await ask({ origin: 'null' })).status).toBe(403);
    // Another port of the same host gets the cookie, but neither the origin nor the key.
    expect((await ask({ origin: 'http://127.0.0.1:1' })).status).toBe(403);
    expect((await ask({ 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await ask({ 'x-onescan-page-key': '' })).status).toBe(401);
    expect((await ask({ 'x-onescan-page-key': (await signedIn('anna')).key })).status).toBe(401);
    expect((await ask({ 'content-type': 'text/plain' })).status).toBe(400);
    expect((await page.send('PUT', '/api/listRuns', {})).status).toBe(404);
  });

  it('is bounded', async () => {
    const page = await signedIn('anna');
    expect((await page.post('/api/listRuns', { filter: 'x'.repeat(20_000) })).status).toBe(429);
    expect((await page.post('/api/listRuns', { filter: 'x'.repeat(3_000) })).json.error?.message).toMatch(
      /filter/,
    );
    expect((await page.post('/api/getRun', { runId: 'x'.repeat(200) })).json.error?.message).toMatch(
      /runId|run_id/,
    );
    expect((await page.post('/api/watchRun', { runId: 'x', afterSequence: 'y' })).status).toBe(400);
    expect((await page.post('/api/getRun', { runId: '../../etc' })).status).toBe(404);
    expect((await page.post('/api/constructor', {})).status).toBe(404);
    expect((await page.post('/api/deleteRun', { runId: 'x' })).status).toBe(404);
    const { hostname, port } = new URL(stack.page);
    const socket = connect(Number(port), hostname).resume();
    socket.write(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nx: ${'y'.repeat(32_000)}\r\n\r\n`);
    await new Promise((resolve) => socket.on('close', resolve).on('error', resolve));
    expect((await page.get('/')).status).toBe(200);
  });
});

describe('a session', () => {
  it('may what its owner may, by the table that gRPC has, and is written down as he', async () => {
    const runId = await startRun(NASTY);
    const [vera, anna] = [await signedIn('vera'), await signedIn('anna')];
    const before = await getRun(vera, runId);
    expect(before).toMatchObject({ state: 'RUN_STATE_AWAITING_APPROVAL', tags: { name: NASTY } });
    expect(before.exclusions.eurusd).toMatchObject([{ columns: 1 }]);
    const approval = { runId, planHash: before.plan.planHash };
    const refused = await vera.post('/api/approveRun', approval);
    expect(refused).toMatchObject({ status: 403, json: { error: { code: 'PERMISSION_DENIED' } } });
    expect((await vera.post('/api/cancelRun', { runId })).status).toBe(403);
    expect((await anna.post('/api/approveRun', { ...approval, planHash: 'f'.repeat(64) })).status).toBe(412);
    expect((await anna.post('/api/approveRun', approval)).status).toBe(200);
    await expect.poll(async () => (await getRun(vera, runId)).state).toBe('RUN_STATE_COMPLETED');
    expect((await getRun(vera, runId)).approvedBy).toBe('anna');
    const audit = readFileSync(join(stack.stateDir, AUDIT_FILE), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(audit).toContainEqual(
      expect.objectContaining({ who: 'vera', by: 'token', action: 'ApproveRun', outcome: 'refused' }),
    );
    expect(audit).toContainEqual(
      expect.objectContaining({
        who: 'anna',
        action: 'ApproveRun',
        outcome: 'failed',
        code: 'FAILED_PRECONDITION',
      }),
    );
    expect(audit).toContainEqual(
      expect.objectContaining({ who: 'anna', by: 'token', action: 'ApproveRun', outcome: 'done' }),
    );
  });

  it('follows events from any number on, to the end, and opens the report in a page of its own', async () => {
    const runId = await startRun();
    const anna = await signedIn('anna');
    const { plan } = await getRun(anna, runId);
    const following = anna.post('/api/watchRun', { runId });
    await anna.post('/api/approveRun', { runId, planHash: plan.planHash });
    const { headers, text } = await following;
    expect(headers['content-type']).toBe('text/event-stream');
    const numbers = [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(numbers.length).toBeGreaterThan(4);
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    expect(text).toMatch(/"runState":\{"state":"RUN_STATE_COMPLETED"/);
    expect(text.endsWith('event: end\ndata: {}\n\n')).toBe(true);
    const later = await anna.post('/api/watchRun', { runId }, { 'last-event-id': String(numbers.at(-2)) });
    expect(later.text).toBe(text.slice(text.indexOf(`id: ${numbers.at(-1)}\n`)));
    const path = (await anna.post('/api/reportLink', { runId })).json.path as unknown as string;
    const report = await anna.get(path);
    expect(report).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(report.headers['content-security-policy']).toMatch(/^sandbox allow-scripts allow-modals;/);
    expect(report.text).toContain(runId);
    // Neither the link without the session, nor the session without the link, nor another's.
    expect((await new PageClient(stack.page).get(path)).status).toBe(401);
    expect((await (await signedIn('vera')).get(path)).status).toBe(401);
    expect((await anna.get(path.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')))).status).toBe(401);
    expect((await anna.post('/api/reportLink', { runId: '../x' })).status).toBe(400);
  });

  it('is opened by a link once, as who asked for the link', async () => {
    const vera = grpc('vera');
    const { url } = await callUnary(vera, vera.openPage, {});
    expect(url.startsWith(`${stack.page}#ticket=`)).toBe(true);
    const ticket = url.split('#ticket=')[1]!;
    const page = new PageClient(stack.page);
    const answer = await page.signIn({ ticket });
    expect(answer).toMatchObject({ status: 200, json: { name: 'vera', roles: ['viewer'] } });
    expect(answer.headers['set-cookie']![0]).toMatch(/; HttpOnly; SameSite=Strict; /);
    expect((await new PageClient(stack.page).signIn({ ticket })).status).toBe(401);
    const { cookie } = page;
    const following = page.post('/api/watchRun', { runId: await startRun() });
    expect((await page.post('/sign-out', {})).headers['set-cookie']![0]).toMatch(/=; .*Max-Age=0/);
    // What it had open ends, and a copy of the cookie that somebody took is worth nothing.
    expect((await following).text).not.toContain('event: end');
    page.cookie = cookie;
    expect((await page.post('/api/me', {})).status).toBe(401);
    expect((await page.post('/api/listRuns', {})).status).toBe(401);
  });

  it('outlives a restart of the coordinator, and not the token it was opened with', async () => {
    const vera = await signedIn('vera');
    await stack.stopCoordinator();
    await stack.startCoordinator();
    const again = new PageClient(stack.page);
    // The port is in the cookie's name: two stacks of a machine do not sign each other out.
    again.cookie = vera.cookie.replace(/^onescan-\d+/, `onescan-${new URL(stack.page).port}`);
    again.key = vera.key;
    expect((await again.post('/api/me', {})).json).toMatchObject({ name: 'vera' });
    const runId = await startRun();
    const following = again.post('/api/watchRun', { runId });
    await writeRoles(['anna', 'ted']);
    // A stream under way ends as well.
    expect((await following).text).not.toContain('event: end');
    expect((await again.post('/api/listRuns', {})).status).toBe(401);
  });
});

it('an address beyond this machine is refused without TLS and rules', async () => {
  const start = (options: object) => TestStack.start({}, { page: '0.0.0.0:0', ...options });
  await expect(start({})).rejects.toThrow(/refusing to serve the page on 0\.0\.0\.0 without TLS/);
});
