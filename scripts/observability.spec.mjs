import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { COORDINATOR_METRICS } from '@onescan/coordinator/testing/coordinator-metrics.js';
import { prometheusName } from '@onescan/process/telemetry/metric-table.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from './workspace.mjs';

const FOLDER = join(ROOT, 'docker/observability');
const rules = parse(readFileSync(join(FOLDER, 'alerts.yaml'), 'utf8')).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(
  readFileSync(join(FOLDER, 'grafana/dashboards/onescan-coordinator.json'), 'utf8'),
);
const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const NAMES = new Set(
  Object.entries(COORDINATOR_METRICS).flatMap(([name, row]) => {
    const own = prometheusName(name, row);
    return row.kind === 'histogram' ? [`${own}_bucket`, `${own}_sum`, `${own}_count`] : [own];
  }),
);
const has = (program) => spawnSync(program, ['--version']).status === 0;

it('rules and dashboard read metrics that there are', () => {
  for (const expr of [...queries, ...rules.map(({ expr }) => expr)]) {
    const named = expr.match(/onescan_\w+/g);
    expect(named?.length, expr).toBeGreaterThan(0);
    for (const name of named) expect(NAMES, expr).toContain(name);
  }
  const states = Object.values(COORDINATOR_METRICS).flatMap(({ attributes }) => attributes?.state ?? []);
  for (const { expr } of rules) {
    for (const [, text] of expr.matchAll(/state=~?"([A-Z_|]+)"/g)) {
      for (const state of text.split('|')) expect(states, expr).toContain(state);
    }
  }
});

it.skipIf(!has('promtool'))('promtool takes the rules (needs promtool)', () => {
  const args = ['check', 'rules', join(FOLDER, 'alerts.yaml')];
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  expect(status, `${stdout}${stderr}`).toBe(0);
  expect(stdout).toContain(`${rules.length} rules found`);
});

/** Made-up figures of every series, by which each query of the dashboard has an answer. */
function exposition(step) {
  const lines = [];
  for (const [name, row] of Object.entries(COORDINATOR_METRICS)) {
    const own = prometheusName(name, row);
    lines.push(`# TYPE ${own} ${row.kind}`);
    // Every attribute has each of its values in some series.
    const attributes = Object.entries(row.attributes ?? {});
    const most = Math.max(1, ...attributes.map(([, values]) => values.length));
    for (let i = 0; i < most; i++) {
      const labels = attributes.map(([name, values]) => `${name}="${values[i % values.length]}"`).join(',');
      const open = labels ? `{${labels}}` : '';
      if (row.kind !== 'histogram') {
        lines.push(`${own}${open} ${step}`);
        continue;
      }
      const bounds = [...row.buckets.map(String), '+Inf'];
      for (const le of bounds) lines.push(`${own}_bucket{${labels}${labels ? ',' : ''}le="${le}"} ${step}`);
      lines.push(`${own}_sum${open} ${step}`, `${own}_count${open} ${step}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

describe.skipIf(!has('prometheus'))('a real Prometheus (needs prometheus)', () => {
  let folder;
  let target;
  let server;
  let url;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'onescan-prometheus-'));
    let step = 0;
    target = createHttpServer((_request, response) => {
      step++;
      response.setHeader('content-type', 'text/plain; version=0.0.4').end(exposition(step));
    }).listen(0, '127.0.0.1');
    const port = await freePort();
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(FOLDER, 'alerts.yaml')],
      scrape_configs: [
        { job_name: 'onescan', static_configs: [{ targets: [`127.0.0.1:${target.address().port}`] }] },
      ],
    };
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
    url = `http://127.0.0.1:${port}`;
    const flags = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
    ];
    server = spawn('prometheus', [...flags, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
    await until(
      async () =>
        (await query('onescan_runs')).length > 0 &&
        (await query('rate(onescan_billed_bytes_total[1m])')).length > 0,
    );
  }, 120_000);

  afterAll(() => {
    server?.kill('SIGKILL');
    target?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function query(expr) {
    try {
      const answer = await (await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`)).json();
      return answer.data?.result ?? [];
    } catch {
      return [];
    }
  }

  it('has an answer to every query of the dashboard', async () => {
    for (const expr of queries) expect(await query(expr), expr).not.toEqual([]);
  });

  it('evaluates every rule, and an alert fires', async () => {
    const read = async () => {
      const { data } = await (await fetch(`${url}/api/v1/rules`)).json();
      return data.groups.flatMap((group) => group.rules);
    };
    await until(async () => (await read()).every(({ health }) => health === 'ok'));
    expect((await read()).map(({ name }) => name)).toEqual(rules.map(({ alert }) => alert));
    await until(async () =>
      (await read()).some(({ name, state }) => name === 'OnescanRunFailed' && state === 'firing'),
    );
  });
});

async function until(isSo) {
  const end = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error('waited in vain');
    await sleep(300);
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
