import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../workspace.mjs';

const MANIFESTS = join(ROOT, 'docker/kubernetes');
const BIN = join(ROOT, 'node_modules/.bin/onescan');
const PATIENCE_MS = 300_000;

let folder;
const ports = {};
const children = [];

/** A port that was free a moment ago. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** What the base would start, with paths and names of this machine instead of those of a pod. */
function containerOf(service) {
  const text = readFileSync(join(MANIFESTS, 'base', `${service}.yaml`), 'utf8');
  const [container] = parseAllDocuments(text, { merge: true })
    .map((document) => document.toJS())
    .find(({ kind }) => /Set|Deployment/.test(kind)).spec.template.spec.containers;
  return JSON.parse(here(JSON.stringify(container), service));
}

function here(text, service) {
  return text
    .replaceAll('/etc/onescan/tls', join(folder, 'tls', service))
    .replaceAll('/etc/onescan/grant', join(folder, 'secrets'))
    .replaceAll('/etc/onescan/roles', folder)
    .replaceAll('/run/onescan', join(folder, 'run'))
    .replaceAll('/data/', `${folder}/data/`)
    .replaceAll('$(ONESCAN_WAREHOUSE)', join(folder, 'warehouse'))
    .replaceAll('$(POD_NAME)', 'pod-1')
    .replaceAll('$(ONESCAN_MAX_WORKERS)', '8')
    .replaceAll(/(onescan-(fetcher|coordinator)|0\.0\.0\.0|127\.0\.0\.1):(\d+)/g, (_, host, _name, port) =>
      host === '0.0.0.0' || host === '127.0.0.1' ? `${host}:${ports[port]}` : `localhost:${ports[port]}`,
    );
}

function start(service) {
  const child = spawn(process.execPath, [BIN, ...containerOf(service).args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own: on Node before 22.15 the fetcher is a child of this process.
    detached: true,
  });
  child.log = '';
  child.stderr.on('data', (text) => {
    child.log += text;
  });
  children.push(child);
  return child;
}

/** The readiness probe of a service, until it passes. */
async function untilReady(service, child) {
  const [, ...probe] = containerOf(service).readinessProbe.exec.command;
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const { status, stderr } = spawnSync(process.execPath, [BIN, ...probe], { encoding: 'utf8' });
    if (status === 0) return;
    if (performance.now() > end || child.exitCode !== null)
      throw new Error(`${service}: ${stderr}\n${child.log}`);
    await sleep(500);
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-pods-'));
  for (const port of [7400, 7401, 7402, 7404]) ports[port] = await freePort();
  const secrets = join(folder, 'secrets');
  execFileSync('sh', [join(MANIFESTS, 'make-secrets.sh'), secrets]);
  for (const service of ['fetcher', 'coordinator', 'trainer']) {
    mkdirSync(join(folder, 'tls', service), { recursive: true });
    for (const [from, to] of [
      [`${service}.crt`, 'tls.crt'],
      [`${service}.key`, 'tls.key'],
      ['ca.crt', 'ca.crt'],
    ]) {
      cpSync(join(secrets, from), join(folder, 'tls', service, to));
    }
  }
  const [settings] = parseAllDocuments(readFileSync(join(MANIFESTS, 'base/settings.yaml'), 'utf8'));
  writeFileSync(join(folder, 'roles.json'), settings.toJS().data['roles.json'], { mode: 0o600 });
  const build = ['warehouse', 'build', '--simulate', '--universe', 'small', '--pairs', 'usdjpy'];
  execFileSync(process.execPath, [BIN, ...build, '--out', join(folder, 'warehouse')], { stdio: 'ignore' });
}, PATIENCE_MS);

afterAll(() => {
  for (const { pid, exitCode, signalCode } of children) {
    if (exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
  }
  rmSync(folder, { recursive: true, force: true });
}, PATIENCE_MS);

it(
  'the commands of the manifests start services that meet over TLS, pass their probes and learn',
  async () => {
    for (const service of ['fetcher', 'coordinator', 'trainer']) await untilReady(service, start(service));
    const socket = `unix:${join(folder, 'run/own/coordinator.sock')}`;
    const verb = [
      'run',
      '--pairs',
      'usdjpy',
      '--horizons',
      '15',
      '--rows',
      '2000',
      '--preset',
      'quick',
      '--yes',
    ];
    const run = spawnSync(process.execPath, [BIN, '--coordinator', socket, ...verb], { encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    expect(run.stderr).toContain('done by onescan-trainer:pod-1');
  },
  2 * PATIENCE_MS,
);

it(
  'neither the certificate of a trainer nor the port for trainers opens the way to FetchPair',
  () => {
    const list = (service, port) => {
      const tls = (name) => join(folder, 'tls', service, name);
      const target = ['--fetcher', `localhost:${ports[port]}`, '--tls-ca', tls('ca.crt')];
      const identity = ['--tls-cert', tls('tls.crt'), '--tls-key', tls('tls.key')];
      return spawnSync(process.execPath, [BIN, ...target, ...identity, 'cache', 'ls'], { encoding: 'utf8' });
    };
    const refused = list('trainer', 7401);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toMatch(/onescan-trainer/);
    // The coordinator may, but not there.
    expect(list('coordinator', 7401).status).toBe(0);
    const absent = list('coordinator', 7404);
    expect(absent.status).not.toBe(0);
    expect(absent.stderr).toMatch(/does not implement/);
  },
  PATIENCE_MS,
);
