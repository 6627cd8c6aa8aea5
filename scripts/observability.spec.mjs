import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { COORDINATOR_METRICS } from '@onescan/coordinator/testing/coordinator-metrics.js';
import { FETCHER_METRICS } from '@onescan/fetcher/testing/fetcher-metrics.js';
import { prometheusName } from '@onescan/process/metrics/metric-table.js';
import { PROCESS_METRICS } from '@onescan/process/metrics/process-metrics.js';
import { hasProgram, Prometheus, untilSo } from '@onescan/process/testing/prometheus.js';
import { TRAINER_METRICS } from '@onescan/trainer/testing/trainer-metrics.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from './workspace.mjs';

const FOLDER = join(ROOT, 'docker/observability');
const BOARDS = join(FOLDER, 'grafana/dashboards');
/** What the collector makes of spans is not in the tables. */
const OF_SPANS = 'onescan.json';
const rules = parse(readFileSync(join(FOLDER, 'alerts.yaml'), 'utf8')).groups.flatMap(({ rules }) => rules);
const dashboards = readdirSync(BOARDS)
  .filter((name) => name.endsWith('.json') && name !== OF_SPANS)
  .map((name) => JSON.parse(readFileSync(join(BOARDS, name), 'utf8')));
const queries = dashboards.flatMap(({ panels }) =>
  panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
);
/** Every process's own table and that of its kind. */
const PROCESSES = {
  'onescan-coordinator': { ...COORDINATOR_METRICS, ...PROCESS_METRICS },
  'onescan-fetcher': { ...FETCHER_METRICS, ...PROCESS_METRICS },
  'onescan-trainer': { ...TRAINER_METRICS, ...PROCESS_METRICS },
};
const ROWS = Object.values(PROCESSES).flatMap((table) => Object.entries(table));
const seriesOf = ([name, row]) => {
  const own = prometheusName(name, row);
  return row.kind === 'histogram' ? [`${own}_bucket`, `${own}_sum`, `${own}_count`] : [own];
};
const NAMES = new Set(ROWS.flatMap(seriesOf));

it('rules and dashboards read metrics that there are, by attributes and values that they have', () => {
  for (const expr of [...queries, ...rules.map(({ expr }) => expr)]) {
    const named = expr.match(/onescan_\w+/g);
    expect(named?.length, expr).toBeGreaterThan(0);
    for (const name of named) expect(NAMES, expr).toContain(name);
    for (const [, name, text] of expr.matchAll(/(\w+)[=!]~?"([^"]+)"/g)) {
      const known = ROWS.flatMap(([, { attributes }]) => attributes?.[name] ?? []);
      for (const value of text.split('|')) expect(known, expr).toContain(value);
    }
  }
});

it('every metric is in a dashboard or a rule', () => {
  const read = [...queries, ...rules.map(({ expr }) => expr)].join(' ');
  const unread = ROWS.filter((row) => !seriesOf(row).some((name) => read.includes(name)));
  expect(unread.map(([name]) => name)).toEqual([]);
});

it.skipIf(!hasProgram('promtool'))('promtool takes the rules (needs promtool)', () => {
  const args = ['check', 'rules', join(FOLDER, 'alerts.yaml')];
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  expect(status, `${stdout}${stderr}`).toBe(0);
  expect(stdout).toContain(`${rules.length} rules found`);
});

/** Made-up figures of every series of a table, by which each query of the dashboards has an answer. */
function exposition(table, step) {
  const lines = [];
  for (const [name, row] of Object.entries(table)) {
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

describe.skipIf(!hasProgram('prometheus'))('a real Prometheus (needs prometheus)', () => {
  const targets = [];
  let prometheus;

  beforeAll(async () => {
    const addresses = {};
    for (const [job, table] of Object.entries(PROCESSES)) {
      let step = 0;
      const target = createServer((_request, response) => {
        step++;
        response.setHeader('content-type', 'text/plain; version=0.0.4').end(exposition(table, step));
      }).listen(0, '127.0.0.1');
      targets.push(target);
      await once(target, 'listening');
      addresses[job] = `127.0.0.1:${target.address().port}`;
    }
    prometheus = await Prometheus.start(addresses, [join(FOLDER, 'alerts.yaml')]);
    await untilSo(async () => {
      const found = await prometheus.query('rate(onescan_spans_dropped_total{destination="collector"}[1m])');
      return found.length === targets.length;
    });
  }, 120_000);

  afterAll(() => {
    prometheus?.stop();
    for (const target of targets) target.close();
  });

  it('has an answer to every query of the dashboards', async () => {
    for (const expr of queries) expect(await prometheus.query(expr), expr).not.toEqual([]);
  });

  it('evaluates every rule, and an alert fires', async () => {
    await untilSo(async () => {
      const read = await prometheus.rules();
      return read.length > 0 && read.every(({ health }) => health === 'ok');
    });
    expect((await prometheus.rules()).map(({ name }) => name)).toEqual(rules.map(({ alert }) => alert));
    await untilSo(async () =>
      (await prometheus.rules()).some(({ name, state }) => name === 'OnescanRunFailed' && state === 'firing'),
    );
  });
});

/** "http://admin:admin@127.0.0.1:3000": none can be had from the package sources that the tests use. */
const { GRAFANA_URL } = process.env;

it.skipIf(!GRAFANA_URL)('a Grafana loads the dashboards (needs GRAFANA_URL)', async () => {
  const { username, password, origin } = new URL(GRAFANA_URL);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  for (const dashboard of dashboards) {
    const body = JSON.stringify({ dashboard, overwrite: true });
    const loaded = await fetch(`${origin}/api/dashboards/db`, { method: 'POST', headers, body });
    expect(loaded.status, await loaded.text()).toBe(200);
    const read = await (await fetch(`${origin}/api/dashboards/uid/${dashboard.uid}`, { headers })).json();
    expect(read.dashboard.panels.map(({ title }) => title)).toEqual(
      dashboard.panels.map(({ title }) => title),
    );
  }
});
