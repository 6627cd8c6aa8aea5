// One boosted tree at 80,000 x 400 in CPU seconds, and SHAP rows a second, beside LightGBM on the same bins.
// node bench/learn/tree.mjs [--rows 80000] [--columns 400] [--trees 10] [--bins 64] [--python python3]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BinnedMatrixBuilder } from '../../libs/learn/dist/binning/binned-matrix.js';
import { trainBooster } from '../../libs/learn/dist/boosting/booster.js';
import { shapSummary } from '../../libs/learn/dist/shap/tree-shap.js';
import { treeData } from './tree-data.mjs';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '80000' },
    columns: { type: 'string', default: '400' },
    trees: { type: 'string', default: '10' },
    bins: { type: 'string', default: '64' },
    python: { type: 'string', default: 'python3' },
  },
});
const [rows, columns, trees, bins] = [flags.rows, flags.columns, flags.trees, flags.bins].map(Number);
const LEAVES = 63;
const SHAP_ROWS = 16384;

function cpuSeconds(work) {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, result };
}

const { features, label } = treeData(rows, columns);
const binning = cpuSeconds(() => {
  const builder = new BinnedMatrixBuilder(rows, columns, { bins, fitRows: rows });
  features.forEach((values, position) => {
    builder.addColumn(position, values);
  });
  return builder.finish();
});
const matrix = binning.result;
console.log(`binning: ${((1000 * binning.seconds) / columns).toFixed(2)} ms a column of ${rows} rows`);
const all = Uint32Array.from({ length: rows }, (_, i) => i);

/** CPU seconds a tree after the first, which pays for compilation. */
function timed(params) {
  const base = { learningRate: 0.1, maxLeaves: LEAVES, maxDepth: 8, ...params };
  let started;
  const hooks = {
    onRound: (round) => {
      if (round === 0) started = process.cpuUsage();
    },
  };
  const booster = trainBooster({ matrix, rows: all, label }, { ...base, rounds: trees + 1 }, hooks);
  const { user, system } = process.cpuUsage(started);
  const raw = booster.predictRaw(matrix, all);
  const mean = label.reduce((sum, y) => sum + y, 0) / rows;
  const error = raw.reduce((sum, score, i) => sum + (label[i] - score) ** 2, 0);
  const r2 = 1 - error / label.reduce((sum, y) => sum + (y - mean) ** 2, 0);
  return { seconds: (user + system) / 1e6 / trees, r2, booster };
}

const own = {
  plain: timed({}),
  bagged: timed({ rowFraction: 0.5 }),
  symmetric: timed({ growth: 'symmetric', maxDepth: 6, maxLeaves: 64 }),
};
const shapRows = all.subarray(0, Math.min(rows, SHAP_ROWS));
const shap = cpuSeconds(() => shapSummary(own.plain.booster, matrix, shapRows));
const shapRate = shapRows.length / shap.seconds;
for (const [name, { seconds, r2 }] of Object.entries(own)) {
  console.log(`own ${name}: ${seconds.toFixed(4)} CPU s a tree, training R2 ${r2.toFixed(5)}`);
}
console.log(
  `own SHAP: ${shapRate.toFixed(0)} rows/s for ${trees + 1} trees, additivity ${shap.result.maxAdditivityError}`,
);

const folder = mkdtempSync(join(tmpdir(), 'onescan-bench-'));
try {
  const file = join(folder, 'bins.raw');
  // LightGBM gets the bin numbers as values, so that both search the same splits.
  const bytes = new Uint8Array(4 * rows * columns + 8 * rows);
  for (let c = 0; c < columns; c++) {
    const values = Float32Array.from(matrix.readColumn(c), (bin) => bin || Number.NaN);
    bytes.set(new Uint8Array(values.buffer), 4 * rows * c);
  }
  bytes.set(new Uint8Array(label.buffer), 4 * rows * columns);
  writeFileSync(file, bytes);
  const script = new URL('time-lightgbm.py', import.meta.url).pathname;
  const run = spawnSync(flags.python, [script, file, rows, columns, bins, trees, LEAVES].map(String), {
    encoding: 'utf8',
  });
  if (run.status !== 0)
    console.log(`SKIPPED the comparison: ${flags.python} cannot run LightGBM (pip install lightgbm)`);
  else report(JSON.parse(run.stdout));
} finally {
  rmSync(folder, { recursive: true });
}

function report(there) {
  for (const name of ['plain', 'quantised', 'bagged']) {
    const { seconds, r2 } = there[name];
    const mine = own[name === 'bagged' ? 'bagged' : 'plain'];
    const ratio = (seconds / mine.seconds).toFixed(2);
    console.log(
      `LightGBM ${there.version} ${name}: ${seconds.toFixed(4)} CPU s a tree, training R2 ${r2.toFixed(5)}; ours is ${ratio} times as fast`,
    );
  }
  const ratio = (shapRate / there.shapRowsPerSecond).toFixed(1);
  console.log(`LightGBM SHAP: ${there.shapRowsPerSecond.toFixed(0)} rows/s; ours is ${ratio} times as fast`);
}
