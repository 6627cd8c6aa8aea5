import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../workspace.mjs';

const KEDA = 'github.com/kedacore/keda/v2';
const VERSION = 'v2.21.0';
const BIN = join(ROOT, 'libs/cli/bin/onescan.mjs');
const PORT = 7_463;
const PATIENCE_MS = 120_000;
const BUILD_MS = 1_200_000;
/** What KEDA's scalers take from a file that draws in all of them. */
const REST = `package scalers

import (
	"context"

	v2 "k8s.io/api/autoscaling/v2"
	"k8s.io/metrics/pkg/apis/external_metrics"
)

const externalMetricType = v2.MetricSourceType("External")

// Ask is GetMetricsAndActivity of a scaler.
type Ask func(context.Context, string) ([]external_metrics.ExternalMetricValue, bool, error)
`;

const source = sourceOfKeda();

/** The folder of KEDA's sources, or why they are not to be had. */
function sourceOfKeda() {
  const { status, stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  const [, minor] = /^go1\.(\d+)/.exec(stdout ?? '') ?? [];
  if (status !== 0 || Number(minor) < 26) return { reason: ' (needs Go 1.26)' };
  const options = { cwd: tmpdir(), encoding: 'utf8', timeout: PATIENCE_MS };
  const fetched = spawnSync('go', ['mod', 'download', '-json', `${KEDA}@${VERSION}`], options);
  if (fetched.status !== 0) return { reason: ` (${KEDA} ${VERSION} is not to be had)` };
  return { reason: '', folder: JSON.parse(fetched.stdout).Dir };
}

let folder;
const children = [];
const said = [];

/** KEDA's scaler alone: its package draws in the scalers for everything else. */
function buildProbe() {
  const probe = join(folder, 'probe');
  mkdirSync(join(probe, 'scalers'), { recursive: true });
  const copy = (from, to) => writeFileSync(join(probe, to), readFileSync(from));
  for (const name of ['external_scaler.go', 'scaler.go'])
    copy(join(source.folder, 'pkg/scalers', name), `scalers/${name}`);
  for (const name of ['go.mod', 'go.sum']) copy(join(source.folder, name), name);
  writeFileSync(join(probe, 'scalers/rest.go'), REST);
  copyFileSync(join(ROOT, 'scripts/long/keda/main.go'), join(probe, 'main.go'));
  const go = (...args) => execFileSync('go', args, { cwd: probe, stdio: 'pipe', timeout: BUILD_MS });
  go('mod', 'edit', '-module=probe', `-require=${KEDA}@${VERSION}`);
  go('mod', 'tidy');
  go('build', '-o', 'probe', '.');
  return join(probe, 'probe');
}

/** A process in a group of its own, which ends with the test. */
function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true, ...options });
  children.push(child);
  return child;
}

const at = (...names) => join(folder, ...names);
const onescan = (args, options) => start(process.execPath, [BIN, ...args], { stdio: 'ignore', ...options });
const socket = (name) => `unix:${at('run', `${name}.sock`)}`;
const ended = (child) => new Promise((resolve) => child.on('exit', resolve));

async function startCoordinator() {
  const tls = ['--tls-cert', at('secrets/coordinator.crt'), '--tls-key', at('secrets/coordinator.key')];
  const child = onescan([
    ...[
      'serve',
      'coordinator',
      '--listen',
      socket('c'),
      '--fetcher',
      socket('f'),
      '--state',
      at('state/store'),
    ],
    ...['--grant-key', at('secrets/grant.key'), '--scaler-listen', `127.0.0.1:${PORT}`],
    ...[...tls, '--tls-client-ca', at('secrets/ca.crt'), '--roles', at('roles.json')],
  ]);
  const probe = [BIN, 'health', '--target', socket('c')];
  await until('the coordinator', () => spawnSync(process.execPath, probe).status === 0);
  return child;
}

async function until(what, ask) {
  for (const end = performance.now() + PATIENCE_MS; !ask(); await sleep(100)) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}; said: ${said.join(', ')}`);
  }
}

/** Waits until KEDA's scaler has said a line since this many. */
const hears = (line, since) => until(line, () => said.slice(since).includes(line));

describe.skipIf(source.reason)(`KEDA's own scaler${source.reason}`, () => {
  let probe;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'onescan-keda-'));
    for (const name of ['run', 'state', 'cache']) mkdirSync(at(name), { mode: 0o700 });
    execFileSync('sh', [join(ROOT, 'docker/kubernetes/make-secrets.sh'), at('secrets')]);
    const settings = readFileSync(join(ROOT, 'docker/kubernetes/base/settings.yaml'), 'utf8');
    const roles = parseAllDocuments(settings)[0].toJS().data['roles.json'];
    writeFileSync(at('roles.json'), roles, { mode: 0o600 });
    const build = ['warehouse', 'build', '--simulate', '--universe', 'small', '--pairs', 'usdjpy'];
    execFileSync(process.execPath, [BIN, ...build, '--out', at('warehouse')], { stdio: 'ignore' });
    probe = buildProbe();
  }, BUILD_MS);

  afterAll(() => {
    for (const { pid, exitCode, signalCode } of children) {
      if (exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'is refused without a certificate, and with one told of work, through a restart, until it is done',
    async () => {
      onescan([
        ...['serve', 'fetcher', '--listen', socket('f'), '--warehouse', at('warehouse')],
        ...['--cache', at('cache'), '--grant-key', at('secrets/grant.key')],
      ]);
      const coordinator = await startCoordinator();
      const target = [`localhost:${PORT}`, at('secrets')];
      expect(execFileSync(probe, [...target, 'without'], { encoding: 'utf8' })).toMatch(
        /certificate required/,
      );
      let rest = '';
      start(probe, target)
        .stdout.setEncoding('utf8')
        .on('data', (text) => {
          const lines = (rest + text).split('\n');
          rest = lines.pop();
          said.push(...lines.filter((line) => /^(spec|push|poll|no answer)/.test(line)));
        });
      await hears('spec s0-onescan-horizons 1', 0);
      await hears('push false', 0);
      await hears('poll false 0', 0);
      const terms = ['--horizons', '15,30', '--rows', '2000', '--preset', 'quick', '--yes'];
      onescan(['--coordinator', socket('c'), 'run', '--pairs', 'usdjpy', ...terms]);
      await hears('push true', 0);
      await hears('poll true 2', 0);
      const before = said.length;
      coordinator.kill('SIGTERM');
      expect(await ended(coordinator)).toBe(0);
      await startCoordinator();
      await hears('push true', before);
      await hears('poll true 2', before);
      const trainer = ['serve', 'trainer', '--coordinator', socket('c'), '--exit-when-idle', '3000'];
      expect(await ended(onescan(trainer))).toBe(0);
      await hears('push false', before);
      await hears('poll false 0', before);
    },
    4 * PATIENCE_MS,
  );
});
