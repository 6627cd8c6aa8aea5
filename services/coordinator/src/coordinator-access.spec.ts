import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { CoordinatorServiceClient, type Run } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { ApprovalMode, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { AUDIT_FILE } from '@onescan/process/audit/audit-log.js';
import { verifyAuditLog } from '@onescan/process/audit/verify-audit-log.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import type { ChannelSecurity } from '@onescan/process/grpc/tls/channel-security.js';
import {
  makeAuthority,
  makeCertificate,
  replaceFile,
  writeIdentity,
} from '@onescan/process/testing/certificates.js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ScriptedTrainer } from './testing/scripted-trainer.js';
import { TestStack } from './testing/test-stack.js';

const LIMIT = { timeout: 30_000 };
const { APPROVAL_MODE_MANUAL: MANUAL, APPROVAL_MODE_WITHIN_BUDGET: WITHIN_BUDGET } = ApprovalMode;

const ROLES = {
  vera: ['viewer'],
  ruth: ['viewer', 'runner'],
  anna: ['approver'],
  'trainer-1': ['trainer'],
};

let folder: string;
let stack: TestStack;
const authority = makeAuthority();
const open: { close(): void }[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-access-'));
  const clientCa = replaceFile(join(folder, 'ca.crt'), authority.cert);
  const own = writeIdentity(
    folder,
    'coordinator',
    makeCertificate({ name: 'coordinator', hosts: ['127.0.0.1'], issuer: authority }),
  );
  const roles = replaceFile(join(folder, 'roles.json'), JSON.stringify({ certificates: ROLES }));
  const security = { tlsCert: own.cert, tlsKey: own.key, tlsClientCa: clientCa, roles };
  stack = await TestStack.start({}, security);
});
afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await stack.close();
  rmSync(folder, { recursive: true, force: true });
});

function securityOf(name: string): ChannelSecurity {
  const identity = makeCertificate({ name, issuer: authority });
  return { ...writeIdentity(folder, name, identity), ca: join(folder, 'ca.crt') };
}

function clientOf(name: string): CoordinatorServiceClient {
  const client = createClient(CoordinatorServiceClient, stack.address, {}, securityOf(name));
  open.push(client);
  return client;
}

function trainer(id: string, certificate = id): ScriptedTrainer {
  const scripted = new ScriptedTrainer(stack.address, { id, security: securityOf(certificate) });
  open.push(scripted);
  return scripted;
}

async function start(client: CoordinatorServiceClient, approvalMode: ApprovalMode): Promise<string> {
  const spec = RunSpec.fromPartial({ pairs: ['eurusd'], horizons: [15], approvalMode });
  const request = { spec, rerunOf: '' } as Parameters<CoordinatorServiceClient['startRun']>[0];
  return (await callUnary(client, client.startRun, request)).runId;
}

async function waiting(client: CoordinatorServiceClient, runId: string): Promise<Run> {
  const get = async (): Promise<Run> => (await callUnary(client, client.getRun, { runId })).run!;
  await expect.poll(async () => (await get()).plan?.planHash, LIMIT).toBeTruthy();
  return get();
}

/** Fingerprint of the certificate that a new connection is shown. */
async function shownCertificate(): Promise<string> {
  const port = Number(stack.address.split(':')[1]);
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }).on('error', () => undefined);
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

function audit(): Record<string, unknown>[] {
  const text = readFileSync(join(stack.stateDir, AUDIT_FILE), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

it('who may only look or run spends nothing; who approves is written down by his certificate', async () => {
  const [vera, ruth, anna] = [clientOf('vera'), clientOf('ruth'), clientOf('anna')];
  trainer('trainer-1');
  await expect(start(vera, MANUAL)).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    message: expect.stringContaining('vera (viewer) may not call StartRun'),
    remedy: expect.stringContaining('runner'),
  });
  await expect(start(ruth, WITHIN_BUDGET)).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    message: 'ruth may not start a run that its budget approves',
  });
  const runId = await start(ruth, MANUAL);
  const { planHash, usd } = (await waiting(vera, runId)).plan!;
  const approval = { runId, planHash, approvedBy: 'the boss', automatic: false };
  await expect(callUnary(ruth, ruth.approveRun, approval)).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
  });
  const { run } = await callUnary(anna, anna.approveRun, approval);
  expect(run!.approvedBy).toBe('anna, as "the boss"');
  for await (const { event } of callServerStream(vera, vera.watchRun, { runId, afterSequence: 0n })) {
    expect(event).toBeDefined();
  }
  await callUnary(ruth, ruth.cancelRun, { runId, pair: '', reason: 'enough' });
  await callUnary(ruth, ruth.deleteRun, { runId });

  const log = audit();
  const by = 'certificate';
  expect(log).toMatchObject([
    { who: 'vera', by, action: 'StartRun', outcome: 'refused' },
    { who: 'ruth', by, action: 'StartRun', outcome: 'asked' },
    { who: 'ruth', by, action: 'StartRun', outcome: 'failed', of: 2, code: 'PERMISSION_DENIED' },
    { who: 'ruth', by, action: 'StartRun', outcome: 'asked', pairs: 'eurusd' },
    { who: 'ruth', by, action: 'StartRun', outcome: 'done', of: 4, run: runId },
    { who: 'ruth', by, action: 'ApproveRun', outcome: 'refused' },
    { who: 'anna', by, action: 'ApproveRun', outcome: 'asked', run: runId, planHash },
    { who: 'anna', by, action: 'ApproveRun', outcome: 'done', of: 7, usd, bytes: expect.any(Number) },
    { who: 'ruth', by, action: 'CancelRun', outcome: 'asked', run: runId, reason: 'enough' },
    { who: 'ruth', by, action: 'CancelRun', outcome: 'done', of: 9 },
    { who: 'ruth', by, action: 'DeleteRun', outcome: 'asked', run: runId },
    { who: 'ruth', by, action: 'DeleteRun', outcome: 'done', of: 11 },
  ]);
  expect(verifyAuditLog(stack.stateDir)).toEqual({ entries: 12, broken: [] });
});

it('a trainer is known by its certificate, and by no other name', async () => {
  const vera = clientOf('vera');
  const own = trainer('trainer-1');
  const shared = trainer('trainer-1:b', 'trainer-1');
  const liar = trainer('trainer-2', 'trainer-1');
  const stranger = trainer('vera');
  const connected = async (): Promise<string[]> =>
    (await callUnary(vera, vera.listTrainers, {})).trainers.map(({ trainerId }) => trainerId).sort();
  await expect.poll(connected, LIMIT).toEqual([own.id, shared.id]);
  await expect.poll(() => liar.ends[0], LIMIT).toMatch(/PERMISSION_DENIED|7/);
  await expect.poll(() => stranger.ends[0], LIMIT).toMatch(/PERMISSION_DENIED|7/);
  expect(await connected()).toEqual([own.id, shared.id]);
});

it('certificates are replaced under a watched run and a trainer at work', async () => {
  const [ruth, anna] = [clientOf('ruth'), clientOf('anna')];
  const worker = trainer('trainer-1');
  let release: () => void = () => undefined;
  const { act } = worker;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  worker.act = async (assign, self) => {
    await held;
    await act(assign, self);
  };
  const runId = await start(ruth, MANUAL);
  const { planHash } = (await waiting(ruth, runId)).plan!;
  await callUnary(anna, anna.approveRun, { runId, planHash, approvedBy: '', automatic: false });
  let events = 0;
  const watched = (async () => {
    for await (const _ of callServerStream(ruth, ruth.watchRun, { runId, afterSequence: 0n })) events++;
  })();
  await expect.poll(() => worker.assigned.length, LIMIT).toBe(1);

  const next = makeCertificate({ name: 'coordinator', hosts: ['127.0.0.1'], issuer: authority });
  writeIdentity(folder, 'coordinator', next);
  const { fingerprint256 } = new X509Certificate(next.cert);
  await expect.poll(shownCertificate, LIMIT).toBe(fingerprint256);
  const vera = clientOf('vera');
  expect((await callUnary(vera, vera.getRun, { runId })).run!.runId).toBe(runId);
  release();
  await watched;
  expect(events).toBeGreaterThan(3);
  expect(worker.ends).toEqual([]);
});
