import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from './workspace.mjs';

const DOCKER = join(ROOT, 'docker');
const SERVICES = ['fetcher', 'coordinator', 'trainer'];
const composeFiles = readdirSync(DOCKER).filter((name) => /^compose.*\.yaml$/.test(name));
const compose = (name) => parse(readFileSync(join(DOCKER, name), 'utf8'), { merge: true });
const dockerfile = readFileSync(join(DOCKER, 'Dockerfile'), 'utf8');

/** Whether a program is to be had; the check that needs it is skipped by name otherwise. */
function isInstalled(program) {
  return process.env.PATH.split(delimiter).some((folder) => existsSync(join(folder, program)));
}

function lint(program, ...args) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' });
  expect(`${stdout}${stderr}`.replace(/^ok.*\n/m, '')).toBe('');
  expect(status).toBe(0);
}

it.skipIf(!isInstalled('hadolint'))('hadolint has nothing to say of the Dockerfile (needs hadolint)', () => {
  lint('hadolint', 'docker/Dockerfile');
});

it.skipIf(!isInstalled('check-jsonschema'))('compose files fit their schema (needs check-jsonschema)', () => {
  const paths = composeFiles.map((name) => `docker/${name}`);
  lint('check-jsonschema', '--builtin-schema', 'vendor.compose-spec', ...paths);
});

it.skipIf(!isInstalled('actionlint'))(
  'actionlint has nothing to say of the workflows (needs actionlint)',
  () => {
    lint(
      'actionlint',
      ...readdirSync(join(ROOT, '.github/workflows')).map((name) => `.github/workflows/${name}`),
    );
  },
);

it.skipIf(!isInstalled('shellcheck'))(
  'shellcheck has nothing to say of the scripts (needs shellcheck)',
  () => {
    lint('shellcheck', 'docker/release.sh', 'docker/test/base-image.sh', '.ci/run');
  },
);

it('the Dockerfile builds without a registry of its own features, from any base', () => {
  expect(dockerfile).toMatch(/^ARG NODE_IMAGE=\S+$/m);
  expect(dockerfile.match(/^FROM \$\{NODE_IMAGE\}/gm)).toHaveLength(dockerfile.match(/^FROM /gm).length);
  expect(dockerfile).not.toMatch(/^# *syntax=|<<|COPY --(link|parents)|^HEALTHCHECK/m);
  expect(dockerfile).toMatch(/^USER \d+:\d+$/m);
});

it('every service of compose is held to its memory, and nothing runs with rights that it does not need', () => {
  const { services } = compose('compose.yaml');
  for (const [name, service] of Object.entries(services)) {
    expect(service, name).toMatchObject({
      user: '1000:1000',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      networks: ['inner'],
    });
    expect(service.deploy.resources.limits.memory, name).toMatch(/^\d+[mg]$/);
    expect(service.ports, name).toBeUndefined();
  }
  expect(compose('compose.yaml').networks.inner).toEqual({ internal: true });
});

it('services are probed, restarted, and get more time to end than they give their work', () => {
  const { services } = compose('compose.yaml');
  for (const name of SERVICES) {
    const { healthcheck, restart, stop_grace_period: grace, command } = services[name];
    expect(healthcheck.test.slice(0, 3)).toEqual(['CMD', 'onescan', 'health']);
    expect(restart).toBe('unless-stopped');
    expect(command.slice(0, 2)).toEqual(['serve', name]);
    const work = Number(/--grace(?:-ms)?=(\d+)/.exec(command.join(' '))?.[1] ?? 0);
    expect(Number.parseInt(grace, 10) * 1000).toBeGreaterThan(work);
  }
});

it('trainers see neither datasets, nor the warehouse, nor the key of approvals', () => {
  const { services } = compose('compose.yaml');
  expect(services.trainer.volumes).toEqual(['run:/run/onescan', '/tmp']);
  expect(services.fetcher.volumes).toContain('warehouse:/data/warehouse:ro');
});

it('the demonstration is that of `npm start`', () => {
  const own = parse(readFileSync(join(ROOT, 'libs/cli/src/demo/demo-run.yaml'), 'utf8'));
  const { demo, trainer } = compose('compose.yaml').services;
  expect(demo.command).toEqual([
    'run',
    '--coordinator=unix:/run/onescan/coordinator.sock',
    `--pairs=${own.pairs.join()}`,
    `--rows=${own.sample.rows}`,
    `--preset=${own.preset}`,
    ...Object.entries(own.overrides).map(([key, value]) => `--set=${key}=${value}`),
    `--budget=${own.budgetUsd}`,
    '--yes',
  ]);
  expect(trainer.deploy.replicas).toBe(own.maxWorkers);
});

it('the full stack has eight trainers of 8 GiB', () => {
  const { services } = compose('compose.full.yaml');
  expect(services.trainer.deploy).toEqual({ replicas: 8, resources: { limits: { memory: '8g' } } });
  expect(Object.keys(services)).toEqual(expect.arrayContaining(['jaeger', 'prometheus', 'grafana']));
});

it('what the fetcher and the coordinator are told twice is the same', () => {
  const files = ['compose.yaml', 'compose.test.yaml', 'compose.bigquery.yaml'];
  const flag = (name, service, key) =>
    compose(name)
      .services[service]?.command?.find((each) => each.startsWith(`--${key}=`))
      ?.split('=')[1];
  for (const [service, key] of [
    ['fetcher', 'listen'],
    ['fetcher', 'cache'],
    ['coordinator', 'state'],
  ]) {
    const told = files.map((name) => flag(name, service, key)).filter(Boolean);
    expect(new Set(told).size, `${service} ${key}`).toBe(1);
  }
});
