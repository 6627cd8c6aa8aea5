import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../workspace.mjs';
import { ComposeProject, docker, dockerOutput, inspect, whyNoEngine } from './container-engine.mjs';

const reason = whyNoEngine();
/** An image that is there already, to be tested instead of one that is built. */
const GIVEN = process.env.ONESCAN_IMAGE;
const IMAGE = GIVEN ?? 'onescan:test';
const MAXIMUM_BYTES = 350e6;
const SERVICES = ['fetcher', 'coordinator', 'trainer'];
const PAIRS = ['--pairs', 'eurusd,usdjpy', '--rows', '2000', '--preset', 'quick'];
/** How long a service may take to end: the stop_grace_period of docker/compose.yaml. */
const GRACE_MS = { trainer: 40_000, coordinator: 30_000, fetcher: 45_000 };
const PATIENCE_MS = 600_000;
/** Exit codes of runs that end whole: one of them says that a verdict rests on a suspect feature. */
const FINISHED = [0, 6];

/** Takes memory in the container of a trainer until the kernel kills, and tells it to kill process 1 first. */
const HOG = `
require('fs').writeFileSync('/proc/1/oom_score_adj', '1000');
const kept = [];
for (;;) kept.push(Buffer.alloc(32 * 1024 * 1024, 1));`;

const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
const project = new ComposeProject(`onescan-test-${process.pid}`, ['compose.yaml', 'compose.test.yaml']);

/** Asks until the answer is there. */
async function until(what, ask) {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(500);
  }
}

async function json(...args) {
  const { stdout } = await project.onescan(...args, '--json');
  return JSON.parse(stdout);
}

async function buildImage() {
  const base = process.env.ONESCAN_NODE_IMAGE;
  const network = process.env.ONESCAN_BUILD_NETWORK;
  await dockerOutput(
    [
      ...['build', '--file', 'docker/Dockerfile', '--tag', IMAGE, '--build-arg', `COMMIT=${commit}`],
      ...(base ? ['--build-arg', `NODE_IMAGE=${base}`] : []),
      ...(network ? ['--network', network] : []),
      '.',
    ],
    { timeoutMs: 3_600_000 },
  );
}

describe.skipIf(reason)(`the image${reason ? ` (${reason})` : ''}`, () => {
  beforeAll(async () => {
    process.env.ONESCAN_IMAGE = IMAGE;
    if (GIVEN === undefined) await buildImage();
    await project.output('up', '--detach', '--wait', '--no-build', ...SERVICES);
  }, 3_600_000);

  afterAll(async () => {
    await project.run('--profile', '*', 'down', '--volumes', '--timeout', '5');
  }, PATIENCE_MS);

  it('is small, says what it was made of, and belongs to nobody in particular', async () => {
    const { Size, Config } = await inspect(IMAGE);
    expect(Size).toBeLessThan(MAXIMUM_BYTES);
    expect(Config.User).toBe('1000:1000');
    expect(Config.Healthcheck ?? null).toBeNull();
    const revision = Config.Labels['org.opencontainers.image.revision'];
    if (GIVEN === undefined) expect(revision).toBe(commit);
    const said = await dockerOutput(['run', '--rm', '--network', 'none', IMAGE, '--version']);
    expect(said).toMatch(new RegExp(`^onescan \\S+ \\(${revision.slice(0, 12)}\\)\n$`));
  });

  it('every service runs as a user without rights on a file system that it cannot write', async () => {
    for (const service of SERVICES) {
      for (const id of await project.containers(service)) {
        const { HostConfig, State } = await inspect(id);
        expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'] });
        expect(State.Health.Status).toBe('healthy');
        const status = await dockerOutput(['exec', id, 'cat', '/proc/1/status']);
        expect(status).toMatch(/^Uid:\s+1000\s+1000/m);
        expect(status).toMatch(/^CapEff:\s+0+$/m);
        expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
        expect((await docker(['exec', id, 'touch', '/opt/onescan/x'])).stderr).toMatch(
          /Read-only file system/,
        );
      }
    }
    const [trainer] = await project.containers('trainer');
    expect((await docker(['exec', trainer, 'ls', '/data/cache/datasets'])).code).not.toBe(0);
  });

  it('plans, waits for approval, and learns two pairs on trainers that share no disk', async () => {
    const { code, stdout } = await project.onescan('run', ...PAIRS, '--horizons', '15,30', '--json');
    expect(code).toBe(3);
    const { run } = JSON.parse(stdout.trimEnd().split('\n').at(-1));
    const approved = await project.onescan('approve', run.runId, '--watch');
    expect(FINISHED, approved.stderr).toContain(approved.code);
    const { stdout: verdicts } = await project.onescan('results', run.runId);
    expect(verdicts.match(/^(eurusd|usdjpy) +(15|30) /gm)).toHaveLength(4);
  });

  it('refuses by arithmetic what cannot fit into the memory of its trainers', async () => {
    const wide = ['--pairs', 'usdjpy', '--rows', '20000', '--memory-per-worker', '256MiB'];
    const { code, stderr } = await project.onescan('plan', ...wide);
    expect(code).toBe(2);
    expect(stderr).toMatch(/20000 rows x \d+ columns of usdjpy need \d+ MiB of memory to learn/);
  });

  it('a trainer that the kernel kills at its limit is noticed, its task learned elsewhere, itself started again', async () => {
    const since = `${Math.floor(Date.now() / 1000)}`;
    const started = await project.onescan('run', ...PAIRS, '--horizons', '15,30', '--json');
    const { runId } = JSON.parse(started.stdout.trimEnd().split('\n').at(-1)).run;
    const finished = project.onescan('approve', runId, '--watch');
    const victim = await until('a task at work', async () => {
      const run = await json('show', runId);
      return run.tasks.find((task) => task.state === 'TASK_STATE_LEASED' && task.trainerId)?.trainerId;
    });
    const containers = await project.containers('trainer');
    const id = containers.find((each) => victim.includes(each.slice(0, 12)));
    await docker(['exec', id, 'node', '-e', HOG]);
    const ended = await until('the end of the container', async () => {
      const filters = ['--filter', `container=${id}`, '--filter', 'event=die'];
      const until = `${Math.floor(Date.now() / 1000)}`;
      return dockerOutput(['events', '--since', since, '--until', until, ...filters]);
    });
    expect(ended).toContain('exitCode=137');
    expect(FINISHED).toContain((await finished).code);
    const run = await json('show', runId);
    expect(run.state).toBe('RUN_STATE_COMPLETED');
    expect(run.tasks.some((task) => task.attempt > 1)).toBe(true);
    await until('the trainer to be back', async () => {
      const { RestartCount, State } = await inspect(id);
      return RestartCount > 0 && State.Health.Status === 'healthy';
    });
  });

  it('SIGTERM ends every service in order within its grace, and what they know is there afterwards', async () => {
    const before = await json('ls');
    for (const service of ['trainer', 'coordinator', 'fetcher']) {
      const start = performance.now();
      await project.output('stop', service);
      expect(performance.now() - start, service).toBeLessThan(GRACE_MS[service]);
      for (const id of await project.containers(service)) {
        expect((await inspect(id)).State, service).toMatchObject({ ExitCode: 0, Status: 'exited' });
      }
    }
    await project.output('up', '--detach', '--wait', '--no-build', ...SERVICES);
    expect((await json('ls')).runs).toHaveLength(before.runs.length);
    const again = await project.onescan('run', ...PAIRS, '--horizons', '15', '--yes');
    expect(again.stderr).toMatch(/cached dataset \w+ from \S+, no query/);
  });
});

describe.skipIf(reason)(`docker compose up${reason ? ` (${reason})` : ''}`, () => {
  const demo = new ComposeProject(`onescan-demo-${process.pid}`, ['compose.yaml']);

  afterAll(async () => {
    await demo.run('down', '--volumes', '--timeout', '5');
  }, PATIENCE_MS);

  it('runs the demonstration to its verdict', async () => {
    // Not --exit-code-from: that ends everything as soon as any container has ended, and the first builds the warehouse.
    await demo.output('up', '--detach', '--no-build');
    const [id] = await demo.containers('demo');
    expect(await dockerOutput(['wait', id], { timeoutMs: 3_600_000 })).toBe('0\n');
    const stdout = await dockerOutput(['logs', id]);
    expect(stdout).toMatch(/eurusd +15 +SKILL/);
    expect(stdout).toMatch(/usdjpy +15 +no skill beyond overlap/);
  });
});
