import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILD_SMALL } from '../release/try-package.mjs';
import { ROOT } from '../workspace.mjs';

const COMMAND = 'libs/cli/bin/onescan.mjs';
const SCHEMA = 'services/coordinator/src/store/schema.ts';
const COMMAND_MS = 15 * 60_000;
const RUN = ['--pairs', 'usdjpy', '--rows', '2000', '--preset', 'quick'];
/** Of `onescan run` without an approval. */
const WAITS = 3;
/** Of runs that end whole: one of them says that a verdict rests on a suspect feature. */
const FINISHED = [0, 6];

const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
const versionAt = (commit) => Number(/SCHEMA_VERSION = (\d+)/.exec(git('show', `${commit}:${SCHEMA}`))?.[1]);

/** The newest commit whose state has another version than ours; undefined in a clone without that much history. */
function commitBefore() {
  const change = git('log', '-1', '--format=%H', '-G', 'SCHEMA_VERSION = ', '--', SCHEMA);
  const { status, stdout } = spawnSync('git', ['rev-parse', '--verify', '--quiet', `${change}^`], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}

const before = commitBefore();
const now = before && versionAt('HEAD');
const then = before && versionAt(before);
const reason = before ? '' : ' (needs the history of the repository)';

let folder;
let old;
const state = () => join(folder, '.onescan/state');

/** Runs a verb of a checkout in the folder with the state; never throws for an exit code. */
function onescan(checkout, ...args) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [join(checkout, COMMAND), ...args], {
    ...{ cwd: folder, encoding: 'utf8', timeout: COMMAND_MS, killSignal: 'SIGKILL' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error) throw error;
  return { status, stdout, said: `onescan ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}` };
}

function succeed(checkout, ...args) {
  const { status, stdout, said } = onescan(checkout, ...args);
  expect(FINISHED, said).toContain(status);
  return stdout;
}

const up = (checkout) => succeed(checkout, 'up', '--warehouse', 'mine', '--trainers', '1', '--detach');
const down = (checkout) => succeed(checkout, 'down');
const runs = (checkout) =>
  Object.fromEntries(
    JSON.parse(succeed(checkout, 'ls', '--json')).runs.map(({ runId, state }) => [runId, state]),
  );
const idOf = (stdout) => JSON.parse(stdout.trimEnd().split('\n').at(-1)).run.runId;
const verdicts = (checkout, runId) => succeed(checkout, 'results', runId).match(/^usdjpy +\d+ /gm);

/** The version before, built from the repository's history. */
function buildBefore() {
  const checkout = join(folder, 'before');
  mkdirSync(checkout);
  execFileSync('sh', ['-c', `git archive ${before} | tar --extract --directory "$0"`, checkout], {
    cwd: ROOT,
  });
  const isSame = (name) =>
    readFileSync(join(checkout, name), 'utf8') === readFileSync(join(ROOT, name), 'utf8');
  // The same packages need not be installed again; a copy, as npm would write into those of this checkout.
  if (isSame('package-lock.json'))
    execFileSync('cp', ['-a', join(ROOT, 'node_modules'), join(checkout, 'node_modules')]);
  const env = { ...process.env, NX_WORKSPACE_ROOT_PATH: '', NX_DAEMON: 'false' };
  execFileSync(process.execPath, ['scripts/setup.mjs'], { cwd: checkout, env, stdio: 'ignore' });
  return checkout;
}

describe.skipIf(!before)(`from schema ${then} to ${now}, and back${reason}`, () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'onescan-upgrade-'));
    old = buildBefore();
  }, 1_800_000);
  afterAll(() => {
    for (const checkout of [ROOT, old]) if (checkout) onescan(checkout, 'down');
    rmSync(folder, { recursive: true, force: true });
  }, 300_000);

  it('runs of the version before are there, go on, and are there again for the version before', () => {
    succeed(old, ...BUILD_SMALL);
    up(old);
    const [done, waiting] = ['15', '30'].map((horizon) => {
      const asked = onescan(old, 'run', ...RUN, '--horizons', horizon, '--json');
      expect(asked.status, asked.said).toBe(WAITS);
      return idOf(asked.stdout);
    });
    succeed(old, 'approve', done, '--watch');
    const written = runs(old);
    const read = verdicts(old, done);
    succeed(old, 'backup');
    down(old);

    // The upgrade: another version, started on the same folder.
    up(ROOT);
    expect(runs(ROOT)).toEqual(written);
    expect(verdicts(ROOT, done)).toEqual(read);
    succeed(ROOT, 'approve', waiting, '--watch');
    const later = idOf(onescan(ROOT, 'run', ...RUN, '--horizons', '45', '--json').stdout);
    expect(runs(ROOT)).toHaveProperty(later);
    down(ROOT);
    const kept = join(state(), `coordinator.duckdb.schema-${then}`);
    expect(existsSync(kept)).toBe(true);
    const refused = onescan(old, 'up', '--warehouse', 'mine', '--trainers', '1', '--detach');
    expect(refused.status).not.toBe(0);
    expect(refused.said).toContain(`schema version ${now}`);

    // The way back of docs/install.md.
    cpSync(kept, join(state(), 'coordinator.duckdb'));
    rmSync(join(state(), 'coordinator.duckdb.wal'), { force: true });
    up(old);
    expect(runs(old)).toEqual(written);
    expect(verdicts(old, done)).toEqual(read);
    succeed(old, 'approve', waiting, '--watch');
    down(old);

    // Forward again, with what was done since; then back once more by the backup of the version before.
    up(ROOT);
    expect(runs(ROOT)).toEqual({ ...written, [waiting]: 'RUN_STATE_COMPLETED' });
    expect(runs(ROOT)).not.toHaveProperty(later);
    down(ROOT);
    for (const name of ['coordinator.duckdb', 'coordinator.duckdb.wal'])
      rmSync(join(state(), name), { force: true });
    succeed(old, 'restore');
    up(old);
    expect(runs(old)).toEqual(written);
    down(old);
  });
});
