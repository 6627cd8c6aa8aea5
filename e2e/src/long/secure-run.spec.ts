import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FetcherServiceClient } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { verifyAuditLog } from '@onescan/process/audit/verify-audit-log.js';
import { callServerStream, callUnary, createClient } from '@onescan/process/grpc/client.js';
import {
  makeAuthority,
  makeCertificate,
  replaceFile,
  writeIdentity,
} from '@onescan/process/testing/certificates.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandResult, onescan } from '../command.js';
import { ServiceProcess } from '../service-process.js';
import { WAREHOUSE } from '../warehouse.js';

const ROOT = new URL('../../../', import.meta.url).pathname;
const SECURITY_PAGE = join(ROOT, 'docs/security.md');
/** GRPCURL_BIN names a folder with grpcurl, PYTHON_BIN one with a python3 that has grpcio-tools. */
const PATH = [process.env.GRPCURL_BIN, process.env.PYTHON_BIN, process.env.PATH].filter(Boolean).join(':');
const HAS_GRPCURL = works('grpcurl -version');
const HAS_PYTHON = works('python3 -c "import grpc, grpc_tools"');

const LIMIT = { timeout: 60_000 };
const ROLES = {
  certificates: {
    alice: ['viewer', 'runner', 'approver'],
    vera: ['viewer'],
    coordinator: ['coordinator'],
    'trainer-1': ['trainer'],
    'trainer-2': ['trainer'],
  },
};
const RUN = ['run', '--pairs', 'usdjpy', '--horizons', '15,45', '--rows', '2000', '--preset', 'quick'];

let folder: string;
const services: ServiceProcess[] = [];
let fetcher: string;
let coordinator: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-secure-run-'));
  const authority = makeAuthority();
  replaceFile(file('ca.crt'), authority.cert);
  replaceFile(file('roles.json'), JSON.stringify(ROLES));
  const hosts = ['localhost', '127.0.0.1'];
  for (const name of ['fetcher', ...Object.keys(ROLES.certificates)]) {
    writeIdentity(folder, name, makeCertificate({ name, hosts, issuer: authority }));
  }
  // Beyond loopback: without TLS neither would start.
  fetcher = await serve('fetcher', [
    ...['--listen', '0.0.0.0:0', '--warehouse', WAREHOUSE, '--cache', file('datasets')],
    ...['--grant-key', file('grant.key'), ...server('fetcher')],
  ]);
  coordinator = await serve('coordinator', [
    ...['--listen', '0.0.0.0:0', '--fetcher', fetcher, '--state', file('state')],
    ...['--grant-key', file('grant.key'), ...server('coordinator'), '--tls-ca', file('ca.crt')],
  ]);
  for (const name of ['trainer-1', 'trainer-2']) {
    start('trainer', name, ['--coordinator', coordinator, ...own(name), '--memory-limit', '2GiB']);
  }
});
afterAll(async () => {
  for (const service of services.toReversed()) await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string): string {
  return join(folder, name);
}

function own(name: string): string[] {
  const pair = ['--tls-cert', file(`${name}.crt`), '--tls-key', file(`${name}.key`)];
  return ['--tls-ca', file('ca.crt'), ...pair];
}

function server(name: string): string[] {
  const pair = ['--tls-cert', file(`${name}.crt`), '--tls-key', file(`${name}.key`)];
  return [...pair, '--tls-client-ca', file('ca.crt'), '--roles', file('roles.json')];
}

function start(
  service: 'fetcher' | 'coordinator' | 'trainer',
  name: string,
  args: readonly string[],
): ServiceProcess {
  const started = new ServiceProcess({ service, args, logPath: file(`${name}.log`) });
  services.push(started);
  return started;
}

async function serve(service: 'fetcher' | 'coordinator', args: readonly string[]): Promise<string> {
  return (await start(service, service, args).address()).replace('0.0.0.0', '127.0.0.1');
}

function as(name: string, ...args: string[]): Promise<CommandResult> {
  return onescan(folder, '--coordinator', coordinator, '--fetcher', fetcher, ...own(name), ...args);
}

/** The command in the docs that begins with these words, with the names of its files and its address replaced. */
function documented(begin: string, named: Readonly<Record<string, string>>): string {
  const lines = readFileSync(SECURITY_PAGE, 'utf8').replaceAll('\\\n', ' ').split('\n');
  const command = lines.find((line) => line.startsWith(begin));
  if (command === undefined) throw new Error(`docs/security.md has no command ${begin}`);
  return Object.entries(named).reduce((text, [name, value]) => text.replaceAll(name, value), command);
}

/** What a command of the docs prints, run where the docs are. */
function run(command: string): string {
  return execFileSync('sh', ['-c', command], { cwd: ROOT, encoding: 'utf8', env: { ...process.env, PATH } });
}

function works(command: string): boolean {
  return spawnSync('sh', ['-c', command], { env: { ...process.env, PATH }, stdio: 'ignore' }).status === 0;
}

function idOf({ trainerId }: { trainerId: string }): string {
  return trainerId;
}

test('a run over mTLS on every channel: planned, approved, fetched, learned, read', async () => {
  // Named by their certificates: they were given no --id.
  await expect
    .poll(
      async () =>
        JSON.parse((await as('vera', 'trainers', '--json')).stdout)
          .trainers.map(idOf)
          .sort(),
      LIMIT,
    )
    .toEqual(['trainer-1', 'trainer-2']);
  const denied = await as('vera', ...RUN, '--yes');
  expect(denied.stderr).toContain('vera (viewer) may not call StartRun');
  expect(denied.code).not.toBe(0);

  const run = await as('alice', ...RUN, '--set', 'explain.export=yes', '--yes', '--json');
  expect(run.stderr).not.toContain('Warning');
  expect(run).toMatchObject({ code: 0 });
  const [{ runId }] = JSON.parse((await as('vera', 'ls', '--json')).stdout).runs as [{ runId: string }];
  expect((await as('vera', 'results', runId)).stdout).toMatch(/^usdjpy +15 +\S/m);
  expect((await as('vera', 'cache', 'ls')).code).toBe(0);

  const entries = readFileSync(file('state/audit.jsonl'), 'utf8');
  expect(entries).toMatch(/"who":"alice","by":"certificate","action":"ApproveRun","outcome":"done"/);
  expect(entries).toMatch(/"who":"vera","by":"certificate","action":"StartRun","outcome":"refused"/);
  expect(readFileSync(file('datasets/audit.jsonl'), 'utf8')).toMatch(
    /"who":"coordinator","by":"certificate","action":"FetchPair","outcome":"done"/,
  );
  for (const service of ['state', 'datasets']) expect(verifyAuditLog(file(service)).broken).toEqual([]);
}, 300_000);

test.skipIf(!HAS_GRPCURL)('grpcurl calls over mTLS as the docs say', () => {
  const files = Object.fromEntries(['ca.crt', 'alice.crt', 'alice.key'].map((name) => [name, file(name)]));
  const command = documented('grpcurl -cacert', { ...files, 'coordinator.internal:7400': coordinator });
  expect(JSON.parse(run(command)).runs).toHaveLength(1);
  const nobody = command.replace(/-cert \S+ -key \S+/, '');
  expect(() => run(nobody)).toThrow();
});

test('a trainer reads a dataset over mTLS, and neither it nor a person fetches one', async () => {
  const clientOf = (name: string): FetcherServiceClient =>
    createClient(
      FetcherServiceClient,
      fetcher,
      {},
      { ca: file('ca.crt'), cert: file(`${name}.crt`), key: file(`${name}.key`) },
    );
  const [trainer, alice] = [clientOf('trainer-1'), clientOf('alice')];
  const { datasets } = await callUnary(alice, alice.listDatasets, {});
  const { datasetId, fileBytes } = datasets[0]!;
  let bytes = 0;
  for await (const { chunk } of callServerStream(trainer, trainer.readDataset, { datasetId, offset: 0n })) {
    bytes += chunk.length;
  }
  expect(BigInt(bytes)).toBe(fileBytes);
  for (const client of [trainer, alice]) {
    const estimate = callUnary(client, client.estimatePair, {
      spec: undefined,
      pair: 'usdjpy',
      sharedDatasetId: '',
    });
    await expect(estimate).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    client.close();
  }
});

test('the command says what is wrong with its certificates', async () => {
  const plain = await onescan(folder, '--coordinator', coordinator, 'ls');
  expect(plain.stderr).toMatch(/takes calls over TLS only.*--tls-ca/s);
  const elsewhere = await onescan(folder, '--coordinator', 'coordinator.example:7400', 'ls');
  expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('refusing to call') });
  const none = await as('nobody', 'ls');
  expect(none.stderr).toMatch(/--tls-cert: there is no file .*nobody\.crt/);
  const swapped = await onescan(
    folder,
    ...['--coordinator', coordinator, '--tls-ca', file('ca.crt'), '--tls-cert', file('alice.crt')],
    ...['--tls-key', file('vera.key'), 'ls'],
  );
  expect(swapped.stderr).toMatch(/--tls-key: the key in .*vera\.key does not fit/);
});

test('a stack serves others over TLS with its token, and asks for certificates before it does', async () => {
  const up = (...more: string[]): Promise<CommandResult> =>
    onescan(folder, 'up', '--warehouse', WAREHOUSE, '--trainers', '1', '--listen', '0.0.0.0:0', ...more);
  expect(await up()).toMatchObject({ code: 2, stderr: expect.stringContaining('--tls-cert FILE') });
  const pair = ['--tls-cert', file('coordinator.crt'), '--tls-key', file('coordinator.key')];
  const started = await up(...pair, '--detach', '--json');
  expect(started).toMatchObject({ code: 0 });
  try {
    const { tcp, tokenFile } = JSON.parse(started.stdout) as { tcp: string; tokenFile: string };
    const address = tcp.replace('0.0.0.0', '127.0.0.1');
    const call = (...args: string[]): Promise<CommandResult> =>
      onescan(folder, '--coordinator', address, '--tls-ca', file('ca.crt'), ...args);
    expect(await call('--token-file', tokenFile, 'ls')).toMatchObject({ code: 0 });
    expect((await call('ls')).stderr).toContain('bearer token');
  } finally {
    expect((await onescan(folder, 'down')).code).toBe(0);
  }
});

test.skipIf(!HAS_GRPCURL && !HAS_PYTHON)('grpcurl and Python call as the docs say', async () => {
  const missing = [HAS_GRPCURL ? '' : 'grpcurl', HAS_PYTHON ? '' : 'Python with grpcio-tools'].filter(
    Boolean,
  );
  if (missing.length > 0) process.stderr.write(`not tried, not installed: ${missing.join(', ')}\n`);
  const up = [
    'up',
    '--warehouse',
    WAREHOUSE,
    '--trainers',
    '1',
    '--listen',
    '127.0.0.1:0',
    '--detach',
    '--json',
  ];
  const { tcp, tokenFile } = JSON.parse((await onescan(folder, ...up)).stdout) as Record<string, string>;
  try {
    const named = { '.onescan/token': tokenFile!, '127.0.0.1:7400': tcp! };
    if (HAS_GRPCURL) {
      const command = documented('grpcurl -plaintext', named);
      expect(JSON.parse(run(command))).toEqual({});
      expect(() => run(command.replace(/-H "[^"]*"/, ''))).toThrow(/bearer token/);
    }
    if (HAS_PYTHON) {
      const [plain, mutual] = [...readFileSync(SECURITY_PAGE, 'utf8').matchAll(/```python\n(.*?)```/gs)];
      const generate = /python -m grpc_tools[^\n]*/.exec(plain![1]!)![0].replace('python', 'python3');
      run(generate.replaceAll('_out=.', `_out=${folder}`));
      const files = ['ca.crt', 'alice.crt', 'alice.key'].map((name) => [name, file(name)] as const);
      const all = [...Object.entries(named), ...files, ['coordinator.internal:7400', coordinator] as const];
      const code = all.reduce(
        (text, [name, value]) => text.replaceAll(name, value),
        plain![1]! + mutual![1]!,
      );
      writeFileSync(file('call.py'), `${code}\nprint('answered')\n`);
      expect(run(`python3 ${file('call.py')}`)).toMatch(/answered/);
    }
  } finally {
    expect((await onescan(folder, 'down')).code).toBe(0);
  }
});
