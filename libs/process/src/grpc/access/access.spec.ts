import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { ExternalScalerService } from '@onescan/contract/generated/externalscaler/externalscaler.js';
import { CoordinatorServiceService } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { FetcherServiceService } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { TrainerHubServiceService } from '@onescan/contract/generated/onescan/v1/trainer.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Logger } from '../../log.js';
import { replaceFile } from '../../testing/certificates.js';
import { type RunningServer, startServer } from '../start-server.js';
import { Access } from './access.js';
import { ACCESS, ROLES } from './access-table.js';
import { readAccessRules } from './roles-file.js';

const SERVICES = [
  CoordinatorServiceService,
  TrainerHubServiceService,
  FetcherServiceService,
  ExternalScalerService,
];
const METHODS = SERVICES.flatMap((service) => Object.values(service).map(({ path }) => path as string));
const HEALTH = '/grpc.health.v1.Health/Check';

let folder: string;
let access: Access;
let server: RunningServer;
let client: Client;
let refusals: string[] = [];
const problems: unknown[] = [];
const log = { info: () => undefined, error: (facts: unknown) => problems.push(facts) } as unknown as Logger;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-access-'));
  for (const role of ROLES) replaceFile(join(folder, role), `token-of-the-${role}\n`, 0o600);
  const tokens = ROLES.map((role) => ({ name: `the-${role}`, file: role, roles: [role] }));
  const rolesFile = replaceFile(join(folder, 'roles.json'), JSON.stringify({ tokens }), 0o600);
  access = new Access({ rolesFile }, { log, reloadMs: 20 });
  server = await startServer({
    listen: '127.0.0.1:0',
    access,
    register: (grpc) => {
      // Methods that are not there answer UNIMPLEMENTED: whoever hears that was let in.
      for (const service of SERVICES) grpc.addService(service, {});
    },
    healthNames: [],
    onRefused: (path, { name }) => refusals.push(`${name} ${path}`),
  });
  client = new Client(server.address, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await server.shutdown(100);
  access.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Name of the status with which a call of a method ends. */
function call(path: string, authorization?: string): Promise<string> {
  const same = (value: Buffer): Buffer => value;
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + 20_000 };
    const answer = (error: ServiceError | null): void => resolve(status[error?.code ?? status.OK]!);
    client.makeUnaryRequest(path, same, same, Buffer.alloc(0), metadata, options, answer);
  });
}

describe('every method of every service', () => {
  it('has its roles in the table, and the table nothing else', () => {
    expect([...ACCESS.keys()].sort()).toEqual([...METHODS].sort());
  });

  it.each(METHODS)('%s lets in whom the table says, and nobody else', async (path) => {
    refusals = [];
    const answers = await Promise.all(
      ROLES.map(async (role) => [role, await call(path, `Bearer token-of-the-${role}`)]),
    );
    const allowed = ACCESS.get(path)!;
    const expected = ROLES.map((role) => [
      role,
      allowed.includes(role) ? 'UNIMPLEMENTED' : 'PERMISSION_DENIED',
    ]);
    expect(answers).toEqual(expected);
    expect(refusals.sort()).toEqual(
      ROLES.filter((role) => !allowed.includes(role))
        .map((role) => `the-${role} ${path}`)
        .sort(),
    );
    expect(await call(path)).toBe('UNAUTHENTICATED');
    expect(await call(path, 'Bearer token-of-the-viewe')).toBe('UNAUTHENTICATED');
  });

  it('health may be asked by anybody', async () => {
    expect(await call(HEALTH)).toBe('OK');
    expect(await call(HEALTH, 'Bearer nonsense')).toBe('OK');
  });
});

describe('a token that is replaced', () => {
  it('counts from then on, and the old one no longer, without a restart', async () => {
    const path = '/onescan.v1.CoordinatorService/ListRuns';
    replaceFile(join(folder, 'viewer'), 'another-token-of-the-viewer', 0o600);
    const old = (): Promise<string> => call(path, 'Bearer token-of-the-viewer');
    await expect.poll(old, { timeout: 20_000 }).toBe('UNAUTHENTICATED');
    expect(await call(path, 'Bearer another-token-of-the-viewer')).toBe('UNIMPLEMENTED');
    // What is broken changes nothing.
    replaceFile(join(folder, 'roles.json'), '{');
    await expect.poll(() => problems, { timeout: 20_000 }).toHaveLength(1);
    expect(await call(path, 'bearer another-token-of-the-viewer')).toBe('UNIMPLEMENTED');
  });
});

describe('a file of roles', () => {
  const HASH = 'ab'.repeat(32);
  const WRONG: Record<string, [object | string, RegExp]> = {
    'no JSON': ['{', /--roles: .* is no JSON/],
    'an unknown role': [{ certificates: { alice: ['admin'] } }, /certificates\.alice\.0: /],
    'a name with a space': [{ certificates: { 'alice b': ['viewer'] } }, /certificates\.alice b: /],
    'a field that is none': [{ users: {} }, /the file: .*users/],
    'a token without a source': [
      { tokens: [{ name: 'a', roles: ['viewer'] }] },
      /tokens\.0.*one of sha256, file/,
    ],
    'a token with two': [
      { tokens: [{ name: 'a', roles: ['viewer'], sha256: HASH, env: 'X' }] },
      /tokens\.0.*one of sha256, file/,
    ],
    'a token file that is not there': [
      { tokens: [{ name: 'a', roles: ['viewer'], file: 'none' }] },
      /tokens\.0: there is no file/,
    ],
    'a variable that is not set': [
      { tokens: [{ name: 'a', roles: ['viewer'], env: 'ONESCAN_NONE' }] },
      /has no ONESCAN_NONE/,
    ],
    'a hash that is none': [{ revoked: ['12'] }, /revoked\.0: /],
    'too many tokens': [
      { tokens: Array.from({ length: 300 }, () => ({ name: 'a', roles: ['viewer'], sha256: HASH })) },
      /tokens: /,
    ],
  };

  it.each(Object.entries(WRONG))(
    'with %s is refused, and what is wrong is named',
    (_what, [content, says]) => {
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      const rolesFile = replaceFile(join(folder, 'wrong.json'), text);
      expect(() => readAccessRules({ rolesFile })).toThrow(OnescanError);
      expect(() => readAccessRules({ rolesFile })).toThrow(says);
    },
  );

  it('that others can change is refused', () => {
    const rolesFile = replaceFile(join(folder, 'open.json'), '{}');
    chmodSync(rolesFile, 0o666);
    expect(() => readAccessRules({ rolesFile })).toThrow(/others can change/);
  });

  it('takes a short token neither from a file nor from the environment', () => {
    const rolesFile = replaceFile(
      join(folder, 'short.json'),
      JSON.stringify({ tokens: [{ name: 'a', roles: ['viewer'], env: 'ONESCAN_SHORT' }] }),
    );
    process.env.ONESCAN_SHORT = 'short';
    expect(() => readAccessRules({ rolesFile })).toThrow(/at least 16/);
    process.env.ONESCAN_SHORT = 'x'.repeat(16);
    expect(readAccessRules({ rolesFile }).tokens).toHaveLength(1);
    delete process.env.ONESCAN_SHORT;
  });

  it('the one token of a stack has the roles of a client', () => {
    const tokenFile = join(folder, 'runner');
    const [token] = readAccessRules({ tokenFile }).tokens;
    expect([...token!.roles]).toEqual(['viewer', 'runner', 'approver']);
  });
});
