import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';
import type { ChannelSecurity } from '@onescan/process/grpc/tls/channel-security.js';
import {
  makeAuthority,
  makeCertificate,
  replaceFile,
  type TestIdentity,
  writeIdentity,
} from '@onescan/process/testing/certificates.js';
import { ACCESS, PUBLIC_SERVICE } from '@onescan/process/testing/grpc/access/access-table.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SeededChoice } from '../faults/seeded-choice.js';
import { ServiceProcess } from '../service-process.js';
import { WAREHOUSE } from '../warehouse.js';
import { hostileCall } from './hostile-call.js';
import type { KnownIds } from './known-ids.js';
import { RPCS, type Rpc, type ServerName } from './rpcs.js';

/** A call that is refused ends by itself, also on a machine with much to do. */
const PATIENCE_MS = 60_000;

const YESTERDAY = new Date(Date.now() - 86_400_000);
const TOMORROW = new Date(Date.now() + 86_400_000);
const LAST_YEAR = new Date(Date.now() - 365 * 86_400_000);

const authority = makeAuthority();
const another = makeAuthority('Another CA');
const revoked = makeCertificate({ name: 'alice', issuer: authority });

const ROLES: Readonly<Record<string, readonly string[]>> = {
  alice: ['viewer', 'runner', 'approver'],
  vera: ['viewer'],
  ruth: ['runner'],
  anna: ['approver'],
  'trainer-1': ['trainer'],
  coordinator: ['coordinator'],
};

/** Who is not let in at all: nothing is answered, or that nobody knows him. */
const STRANGERS: Readonly<Record<string, TestIdentity | undefined>> = {
  'without a certificate': undefined,
  'whose certificate another authority signed': makeCertificate({ name: 'alice', issuer: another }),
  'who signed his certificate himself': makeCertificate({ name: 'alice' }),
  'whose certificate has expired': makeCertificate({
    name: 'alice',
    issuer: authority,
    notBefore: LAST_YEAR,
    notAfter: YESTERDAY,
  }),
  'whose certificate is of tomorrow': makeCertificate({
    name: 'alice',
    issuer: authority,
    notBefore: TOMORROW,
  }),
  'whose certificate is revoked': revoked,
  'who has no role': makeCertificate({ name: 'nobody', issuer: authority }),
  'with the name of a role': makeCertificate({ name: 'viewer', issuer: authority }),
  'with a name in other letters': makeCertificate({ name: 'Alice', issuer: authority }),
};

let folder = '';
const processes: ServiceProcess[] = [];
const addresses: Record<ServerName, string> = { coordinator: '', fetcher: '' };
const clients: Client[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-callers-'));
  replaceFile(join(folder, 'ca.crt'), authority.cert);
  const certificates = { certificates: ROLES, revoked: [new X509Certificate(revoked.cert).fingerprint256] };
  replaceFile(join(folder, 'roles.json'), JSON.stringify(certificates));
  mkdirSync(join(folder, 'logs'));
  const common = (service: ServerName): string[] => {
    const identity = makeCertificate({ name: service, hosts: ['127.0.0.1'], issuer: authority });
    const { cert, key } = writeIdentity(folder, service, identity);
    return [
      ...[
        '--listen',
        '127.0.0.1:0',
        '--tls-cert',
        cert,
        '--tls-key',
        key,
        '--grant-key',
        join(folder, 'grant.key'),
      ],
      ...['--tls-client-ca', join(folder, 'ca.crt'), '--roles', join(folder, 'roles.json')],
    ];
  };
  const started = (service: ServerName, args: string[]): Promise<string> => {
    const logPath = join(folder, 'logs', `${service}.log`);
    const process = new ServiceProcess({ service, args: [...common(service), ...args], logPath });
    processes.push(process);
    return process.address();
  };
  addresses.fetcher = await started('fetcher', ['--warehouse', WAREHOUSE, '--cache', join(folder, 'cache')]);
  addresses.coordinator = await started('coordinator', [
    ...['--fetcher', addresses.fetcher, '--state', join(folder, 'state'), '--tls-ca', join(folder, 'ca.crt')],
  ]);
});

afterAll(async () => {
  for (const client of clients) client.close();
  await Promise.all(processes.map((process) => process.stop()));
  rmSync(folder, { recursive: true, force: true });
});

function securityOf(identity: TestIdentity): ChannelSecurity {
  const ca = join(folder, 'ca.crt');
  const own = mkdtempSync(join(folder, 'caller-'));
  return { ...writeIdentity(own, 'caller', identity), ca };
}

const named = (name: string): TestIdentity => makeCertificate({ name, issuer: authority });

/** A hostile call of every method; those that were answered with another status than the allowed ones. */
async function callAll(
  rpcs: readonly Rpc[],
  identity: TestIdentity | undefined,
  allowed: readonly string[],
): Promise<string[]> {
  const known: KnownIds = {
    ...{ runId: 'none', planHash: 'ab'.repeat(32), datasetId: 'cd'.repeat(32), traceId: '12'.repeat(16) },
    ...{ started: [], selfApproved: new Set<string>(), plannable: 1, grantKey: Buffer.alloc(32) },
  };
  const [key, cert] = identity ? [Buffer.from(identity.key), Buffer.from(identity.cert)] : [null, null];
  const channel = credentials.createSsl(Buffer.from(authority.cert), key, cert);
  const wrong = rpcs.map(async (rpc, i) => {
    // Not by Onescan's own client, which does not call with a certificate that has expired.
    const client = new Client(addresses[rpc.server], channel, { 'grpc.use_local_subchannel_pool': 1 });
    clients.push(client);
    const { code, details } = await hostileCall(client, rpc, known, new SeededChoice(i), PATIENCE_MS);
    // The caller itself may have given up first.
    return allowed.includes(code) || code === 'CANCELLED' ? [] : [`${rpc.name}: ${code} ${details}`];
  });
  return (await Promise.all(wrong)).flat();
}

const GUARDED = RPCS.filter(({ path }) => !path.startsWith(PUBLIC_SERVICE));

test.each(Object.keys(STRANGERS))('a caller %s is answered by no method', async (who) => {
  const refusals = ['UNAVAILABLE', 'UNAUTHENTICATED'];
  expect(await callAll(GUARDED, STRANGERS[who], refusals)).toEqual([]);
});

test.each(Object.entries(ROLES))(
  '%s, who is %j, is denied every method of other roles',
  async (name, roles) => {
    const denied = GUARDED.filter(({ path }) => !ACCESS.get(path)!.some((role) => roles.includes(role)));
    expect(denied.length).toBeGreaterThan(0);
    expect(await callAll(denied, named(name), ['PERMISSION_DENIED'])).toEqual([]);
  },
);

test('none of it has done anything, and who may still can', async () => {
  const alice = createClient(CoordinatorServiceClient, addresses.coordinator, {}, securityOf(named('alice')));
  const coordinator = createClient(
    FetcherServiceClient,
    addresses.fetcher,
    {},
    securityOf(named('coordinator')),
  );
  clients.push(alice, coordinator);
  const { totalSize } = await callUnary(alice, alice.listRuns, {
    pageSize: undefined,
    pageToken: undefined,
    filter: undefined,
  });
  expect(totalSize).toBe(0);
  expect((await callUnary(coordinator, coordinator.listQueryJobs, { runId: '' })).jobs).toEqual([]);
});
