// The client's side of a fetch: the Storage Read API into a dataset file, against REST paging, each in a
// process of its own, ours with the Node flags of a fetcher, the server in another.
// node bench/fetch/fetch.mjs [--quick] [--rows N] [--columns N] [--tables N] [--restRows N] [--json]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FETCHER_NODE_FLAGS } from '@onescan/process/fetcher-node-flags.js';
import { benchFlags } from '../learn/bench-flags.mjs';
import { printTable } from '../learn/print-table.mjs';

const flags = benchFlags({
  rows: { usual: 80_000, quick: 4000 },
  columns: { usual: 6477, quick: 1200 },
  tables: { usual: 668, quick: 120 },
  restRows: { usual: 500, quick: 200 },
});
const shape = { rows: flags.rows, columns: flags.columns, tables: flags.tables };
const folder = mkdtempSync(join(tmpdir(), 'onescan-bench-fetch-'));
let server;
try {
  server = start('result-server.mjs', shape);
  const servers = await answer(server);
  const storage = await answer(start('storage-client.mjs', { shape, servers, folder }, FETCHER_NODE_FLAGS));
  const rest = await answer(start('rest-client.mjs', { shape, servers, restRows: flags.restRows }));
  report(storage, rest);
} finally {
  server?.kill();
  rmSync(folder, { recursive: true });
}

function report({ stages, checked }, rest) {
  const perRow = (name, { cpu, wall, peakGb }, rows) => ({
    '': name,
    rows,
    'CPU s': cpu,
    'wall s': wall,
    'CPU ms a row': (1000 * cpu) / rows,
    'wall ms a row': (1000 * wall) / rows,
    'peak GB': peakGb,
  });
  const all = Object.values(stages);
  const sum = (key) => all.reduce((total, stage) => total + stage[key], 0);
  const whole = { cpu: sum('cpu'), wall: sum('wall'), peakGb: Math.max(...all.map(({ peakGb }) => peakGb)) };
  const ours = perRow('Storage Read to dataset, whole', whole, shape.rows);
  const theirs = perRow('REST paging, parsed only', rest, rest.rows);
  const ratio = theirs['CPU ms a row'] / ours['CPU ms a row'];
  const title = `fetch, client side: ${shape.columns} features of ${shape.tables} tables and 7 targets`;
  const parts = Object.entries(stages).map(([name, figures]) => perRow(`  ${name}`, figures, shape.rows));
  printTable(title, [...parts, ours, theirs], flags.json);
  printTable(
    'Storage Read against REST',
    [{ 'times as fast a row (CPU)': ratio, 'cells checked': checked }],
    flags.json,
  );
}

/** @param {string} script @param {object} input @param {readonly string[]} nodeFlags */
function start(script, input, nodeFlags = []) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return fork(path, [JSON.stringify(input)], { execArgv: [...nodeFlags] });
}

async function answer(child) {
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of the benchmark ended with code ${code}`);
  });
  failed.catch(() => undefined);
  const [message] = await Promise.race([once(child, 'message'), failed]);
  return message;
}
