// 10,000 stored runs of 196 tasks: how long a coordinator takes to start on them, to list the newest, and `onescan ls`
// as a whole; each beside the same on an empty state.
// usage: node bench/history/history.mjs [--quick]
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { readAnnouncement } from '@onescan/process/announce.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';

const RUNS = process.argv.includes('--quick') ? 500 : 10_000;
const TASKS = 196;
const SERVICE = fileURLToPath(new URL('../../services/coordinator/dist/main.js', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../libs/cli/bin/onescan.mjs', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'onescan-bench-history-'));
try {
  const empty = await measure(join(folder, 'empty'));
  const full = join(folder, 'full');
  await fill(full);
  const mib = Math.round(statSync(join(full, 'coordinator.duckdb')).size / 2 ** 20);
  const filled = await measure(full);
  console.log(`${RUNS} runs of ${TASKS} tasks, ${mib} MiB of state`);
  for (const [what, unit] of [
    ['start', 's'],
    ['list', 'ms'],
    ['ls', 'ms'],
  ]) {
    const [a, b] = [empty[what], filled[what]];
    const scale = unit === 's' ? 1000 : 1;
    const shown = (ms) => `${(ms / scale).toFixed(unit === 's' ? 2 : 0)} ${unit}`;
    console.log(`${what.padEnd(6)} ${shown(b)}, on an empty state ${shown(a)}: ${(b / a).toFixed(1)} times`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Milliseconds to listen, to answer ListRuns of 20 (median of 20), and of `onescan ls` (median of 5). */
async function measure(state) {
  const begun = performance.now();
  const flags = ['--listen', '127.0.0.1:0', '--fetcher', '127.0.0.1:9', '--state', state];
  const service = spawn(process.execPath, [SERVICE, ...flags], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const { address } = await readAnnouncement(service.stdout);
    const start = performance.now() - begun;
    const client = createClient(CoordinatorServiceClient, address);
    const list = await median(20, () => callUnary(client, client.listRuns, { pageSize: 20 }));
    client.close();
    const ls = await median(5, () => spawnSync(process.execPath, [COMMAND, '--coordinator', address, 'ls']));
    return { start, list, ls };
  } finally {
    service.kill('SIGKILL');
    await once(service, 'exit');
  }
}

async function median(times, run) {
  const taken = [];
  for (let i = 0; i < times; i++) {
    const begun = performance.now();
    await run();
    taken.push(performance.now() - begun);
  }
  return taken.sort((a, b) => a - b)[times >> 1];
}

/** A state file with finished runs, each like one real run of 28 pairs. */
async function fill(state) {
  await measure(state);
  const db = await openDuckDb(join(state, 'coordinator.duckdb'));
  const connection = await db.connect();
  const spec = JSON.stringify({ pairs: ['eurusd'], horizons: [15, 30, 45, 60, 75, 90, 105] });
  const pairs = Array.from({ length: 28 }, (_, i) => ({
    pair: `p${i}`,
    exclusions: Array(20).fill({ featureId: 'a.b', stage: 'plan', reason: 'a time' }),
  }));
  const plan = { pairs, budgetUsd: 50, usd: 1, planHash: 'ab'.repeat(32) };
  const brief = JSON.stringify({ ...plan, pairs: [] });
  await connection.run(
    `INSERT INTO runs BY NAME SELECT 'run-' || i AS run_id, 1764000000000 + i AS created_ms, 1764000000000 + i AS ended_ms,
       'COMPLETED' AS state, '' AS rerun_of, $1 AS spec, $2 AS plan, 'x' AS approved_by, false AS pilot_approved,
       '[]' AS problems, '' AS traceparent, 8 AS workers_used, '' AS report_path, 0 AS ledger_rows,
       '' AS results_sha256, '' AS plan_error_code, '[]' AS approvals, i AS ordinal, 'run ' || i AS name, '{}' AS labels,
       '' AS request_id, '' AS request_sha256, $3 AS plan_brief FROM range(${RUNS}) AS r(i)`,
    [spec, JSON.stringify(plan), brief],
  );
  await connection.run(
    `INSERT INTO tasks BY NAME SELECT 'run-' || i AS run_id, t AS ordinal, 'p' || (t // 7) AS pair, t % 7 AS horizon,
       'DONE' AS state, 1 AS attempt, 0 AS crashes, 0 AS out_of_memory, 't' AS trainer_id, '' AS error, '' AS spec_hash,
       '' AS failed_traceparent, '{}' AS summary, '{}' AS stats, '' AS trainer_instance
       FROM range(${RUNS}) AS r(i), range(${TASKS}) AS s(t)`,
  );
  await connection.run(
    `INSERT INTO pairs BY NAME SELECT 'run-' || i AS run_id, p AS ordinal, 'p' || p AS pair, 'FETCHED' AS state,
       NULL AS dataset, '' AS error, 1 AS fetch_seconds, 1 AS statements_run, 1000000 AS bytes_billed, 0.01 AS usd,
       '[]' AS jobs, NULL AS train_started_ms FROM range(${RUNS}) AS r(i), range(28) AS s(p)`,
  );
  await connection.run(
    `INSERT INTO events SELECT 'run-' || i, s, 'x'::BLOB FROM range(${RUNS}) AS r(i), range(1, 3) AS e(s)`,
  );
  await connection.run('CHECKPOINT');
  connection.closeSync();
  db.closeSync();
}
