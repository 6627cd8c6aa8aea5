// Rows a second of exact TreeSHAP on the same model and rows: path-dependent beside LightGBM's pred_contrib, by tables
// and at any depth; interventional against 100 background rows beside the shap package.
// node bench/learn/shap.mjs [--quick] [--rows N] [--trees N] [--columns N] [--repeats N] [--json] [--python PATH]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinnedMatrixBuilder } from '@onescan/learn/binning/binned-matrix-builder.js';
import { writeLightGbmText } from '@onescan/learn/testing/boosting/lightgbm-text.js';
import { trainBooster } from '@onescan/learn/testing/boosting/train-booster.js';
import { shapSummary } from '@onescan/learn/testing/shap/tree-shap.js';
import { benchFlags } from './bench-flags.mjs';
import { median, timed } from './cpu-seconds.mjs';
import { reportMissing, startLightGbm } from './lightgbm.mjs';
import { printTable } from './print-table.mjs';
import { treeData } from './tree-data.mjs';

/** 0: unlimited. Tables up to 8, quadrature beyond. */
const DEPTHS = [6, 8, 12, 0];
/** Rows that interventional values are compared with. */
const BACKGROUND = 100;
const LEAVES = 63;
const TRAINING_ROWS = 40000;
/** LightGBM explains this many of the rows a repeat; its time is proportional to rows. */
const THEIR_ROWS = 256;
/** Mean |SHAP| of both on the same rows may differ by rounding only (LightGBM reads thresholds as text). */
const TOLERANCE = 1e-6;
const RECORDED = 'Recorded before: see docs/benchmarks.md.';

const flags = benchFlags({
  rows: { usual: 16384, quick: 4096 },
  columns: { usual: 400, quick: 100 },
  trees: { usual: 300, quick: 60 },
  repeats: { usual: 5, quick: 3 },
});
const { rows, columns, trees, repeats } = flags;
const total = Math.max(rows, TRAINING_ROWS);
const all = Uint32Array.from({ length: total }, (_, i) => i);
const explained = all.subarray(0, rows);
const data = treeData(total, columns);
const builder = new BinnedMatrixBuilder(total, columns, { bins: 64, fitRows: total });
const folder = mkdtempSync(join(tmpdir(), 'onescan-bench-'));
const valuesPath = join(folder, 'values.raw');
const sample = new Float32Array(columns * THEIR_ROWS);
for (let c = 0; c < columns; c++) {
  const values = data.column(c);
  builder.addColumn(c, values);
  sample.set(values.subarray(0, THEIR_ROWS), c * THEIR_ROWS);
}
writeFileSync(valuesPath, new Uint8Array(sample.buffer));
const matrix = builder.finish();
const names = Array.from({ length: columns }, (_, c) => `c${c}`);

const lightgbm = await startLightGbm(flags.python);
const results = [];
try {
  for (const depth of DEPTHS) results.push(await compare(depth, pathDependent));
  for (const depth of [6, 0]) results.push(await compare(depth, interventional));
} finally {
  lightgbm?.close();
  rmSync(folder, { recursive: true });
}
printTable(
  `TreeSHAP of ${trees} trees of ${LEAVES} leaves on ${columns} columns: rows a CPU second, median of ${repeats}`,
  results,
  flags.json,
);
if (!lightgbm) reportMissing(flags.python, RECORDED);

function pathDependent(model) {
  return {
    name: 'path-dependent',
    options: {},
    baseline: () => lightgbm.call('explain', { model, path: valuesPath, rows: THEIR_ROWS, columns }),
  };
}

function interventional(model) {
  const given = { model, path: valuesPath, rows: THEIR_ROWS, columns, background: BACKGROUND };
  return {
    name: 'interventional',
    options: { background: all.subarray(0, BACKGROUND) },
    baseline: () => lightgbm.call('interventional', given),
  };
}

async function compare(depth, kind) {
  const params = { rounds: trees, learningRate: 0.1, maxLeaves: LEAVES, maxDepth: depth };
  const booster = trainBooster({ matrix, rows: all, label: data.label }, params);
  const model = join(folder, `depth-${depth}.txt`);
  writeFileSync(model, writeLightGbmText(booster, names));
  const { name, options, baseline } = kind(model);
  const [own, other] = [[], []];
  let additivity = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const { seconds, result } = timed(() => shapSummary(booster, matrix, explained, options));
    own.push(rows / seconds);
    additivity = result.maxAdditivityError;
    const theirs = lightgbm && (await baseline());
    if (!theirs?.seconds) continue;
    other.push(THEIR_ROWS / theirs.seconds);
    if (repeat === 0) checkAgreement(booster, theirs.meanAbsolute, options);
  }
  const [ours, theirs] = [median(own), other.length > 0 ? median(other) : undefined];
  return {
    values: name,
    depth: depth === 0 ? 'unlimited' : depth,
    rows,
    ours,
    theirs,
    'times as fast': theirs && ours / theirs,
    'additivity error': additivity.toExponential(1),
  };
}

/** The comparison is void unless both explain alike. */
function checkAgreement(booster, theirs, options) {
  const { meanAbsolute } = shapSummary(booster, matrix, explained.subarray(0, THEIR_ROWS), options);
  theirs.forEach((value, column) => {
    if (Math.abs(value - meanAbsolute[column]) > TOLERANCE)
      throw new Error(`column ${column}: mean |SHAP| ${meanAbsolute[column]}, theirs is ${value}`);
  });
}
