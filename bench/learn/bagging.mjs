// R2 on other rows of boosted trees that see a part of the rows or columns, ours against LightGBM: mean difference and
// its standard error over seeds, on rows that each draws for itself and on the very same rows, and with gradients
// rounded more coarsely than they are.
// node bench/learn/bagging.mjs [--quick | --full] [--rows N] [--columns N] [--trees N] [--seeds N] [--json] [--python PATH]
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinnedMatrixBuilder } from '@onescan/learn/binning/binned-matrix-builder.js';
import { drawOrder } from '@onescan/learn/testing/boosting/draw-order.js';
import { trainBooster } from '@onescan/learn/testing/boosting/train-booster.js';
import { seededRandom } from '@onescan/learn/testing/numeric/seeded-random.js';
import { benchFlags } from './bench-flags.mjs';
import { trainCoarsely } from './coarse-gradients.mjs';
import { reportMissing, startLightGbm } from './lightgbm.mjs';
import { printTable } from './print-table.mjs';
import { treeData } from './tree-data.mjs';

const LEAVES = 31;
const DEPTH = 8;
const RATE = 0.1;
const HALF = { rowFraction: 0.5, rowEvery: 1 };
const CONFIGURATIONS = [
  { name: 'half of the rows', ours: HALF },
  { name: '80 % of the rows, drawn every 5 trees', ours: { rowFraction: 0.8, rowEvery: 5 } },
  { name: '60 % of the columns', ours: { treeColumnFraction: 0.6 } },
  {
    name: '80 % of the rows and 60 % of the columns',
    ours: { rowFraction: 0.8, rowEvery: 5, treeColumnFraction: 0.6 },
  },
];
/** Bits of a gradient, sign aside. The engine's own are 20, fewer only where sums over more than 2,048 rows need the room. */
const GRADIENT_BITS = [20, 13, 9, 6];

const flags = benchFlags({
  rows: { usual: 20000, quick: 5000 },
  columns: { usual: 160, quick: 40 },
  trees: { usual: 50, quick: 10, full: 100 },
  seeds: { usual: 20, quick: 3, full: 40 },
});
const { rows, columns, trees, seeds } = flags;
const testRows = rows;
const training = Uint32Array.from({ length: rows }, (_, i) => i);
const test = Uint32Array.from({ length: testRows }, (_, i) => rows + i);
const data = treeData(rows + testRows, columns);
const builder = new BinnedMatrixBuilder(rows + testRows, columns, { bins: 64, fitRows: rows });
for (let c = 0; c < columns; c++) builder.addColumn(c, data.column(c));
const matrix = builder.finish();
const task = { matrix, rows: training, label: data.label };
const common = { rounds: trees, learningRate: RATE, maxLeaves: LEAVES, maxDepth: DEPTH };

const lightgbm = await startLightGbm(flags.python);
const folder = mkdtempSync(join(tmpdir(), 'onescan-bagging-'));
try {
  if (lightgbm) await loadLightGbm();
  printTable(
    `R2 on ${testRows} other rows, ${rows} x ${columns}, ${trees} trees of ${LEAVES} leaves, ${seeds} seeds`,
    [await wholeData(), ...(await sampled()), ...(await onTheSameRows())],
    flags.json,
  );
  printTable(
    `The same rows again, half of them: R2 with gradients of fewer bits less R2 as it is`,
    coarse(),
    flags.json,
  );
} finally {
  rmSync(folder, { recursive: true });
  lightgbm?.close();
}
if (!lightgbm) reportMissing(flags.python, 'Recorded before: see docs/benchmarks.md.');

async function wholeData() {
  const own = [r2(trainBooster(task, common))];
  return compared('all rows and columns (one seed)', own, lightgbm && [await theirs({})]);
}

/** Each draws rows and columns for itself. */
async function sampled() {
  const lines = [];
  for (const { name, ours } of CONFIGURATIONS) {
    const own = [];
    const other = [];
    for (let seed = 1; seed <= seeds; seed++) {
      own.push(r2(trainBooster(task, { ...common, ...ours, seed: BigInt(seed) })));
      if (lightgbm) other.push(await theirs(sampling(ours, seed)));
    }
    lines.push(compared(name, own, lightgbm && other));
  }
  return lines;
}

/** LightGBM grows every tree on the rows that our booster of the same seed drew for it. */
async function onTheSameRows() {
  if (!lightgbm) return [];
  const own = [];
  const other = [];
  const path = join(folder, 'bags.raw');
  for (let seed = 1; seed <= seeds; seed++) {
    const bags = drawnBags(seed);
    own.push(r2(trainBooster(task, { ...common, ...HALF, seed: BigInt(seed) })));
    writeFileSync(
      path,
      Buffer.concat(bags.map((bag) => Buffer.from(bag.buffer, bag.byteOffset, bag.byteLength))),
    );
    const { r2: theirR2 } = await lightgbm.call('trainOnBags', {
      path,
      trees,
      start: baseScore(),
      params: growthOf(),
    });
    other.push(theirR2);
  }
  return [compared('half of the rows, the same in both', own, other, true)];
}

function coarse() {
  return GRADIENT_BITS.map((bits) => {
    const differences = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const bags = drawnBags(seed);
      const params = { ...common, ...HALF, seed: BigInt(seed) };
      const own = r2(trainBooster(task, params));
      differences.push(r2(trainCoarsely({ task, params, bags, bits })) - own);
    }
    const { mean, error } = meanAndError(differences);
    return { bits, difference: mean, 'standard error': error };
  });
}

/** The rows that `trainBooster` draws with this seed when it samples rows only. */
function drawnBags(seed) {
  const random = seededRandom(BigInt(seed));
  const count = Math.round(HALF.rowFraction * rows);
  return Array.from({ length: trees }, () => drawOrder(rows, random).subarray(0, count).sort());
}

function baseScore() {
  return data.label.subarray(0, rows).reduce((sum, y) => sum + y, 0) / rows;
}

function growthOf() {
  return { num_leaves: LEAVES, max_depth: DEPTH, learning_rate: RATE };
}

function sampling({ rowFraction = 1, rowEvery = 1, treeColumnFraction = 1 }, seed) {
  return {
    ...(rowFraction < 1 ? { bagging_fraction: rowFraction, bagging_freq: rowEvery } : {}),
    feature_fraction: treeColumnFraction,
    bagging_seed: seed,
    feature_fraction_seed: seed,
  };
}

async function theirs(params) {
  const { r2: value } = await lightgbm.call('train', {
    trees: trees - 1,
    params: { ...growthOf(), ...params },
  });
  return value;
}

function r2(booster) {
  const raw = booster.predictRaw(matrix, test);
  const label = data.label.subarray(rows);
  const mean = label.reduce((sum, y) => sum + y, 0) / testRows;
  const error = label.reduce((sum, y, i) => sum + (y - raw[i]) ** 2, 0);
  return 1 - error / label.reduce((sum, y) => sum + (y - mean) ** 2, 0);
}

function meanAndError(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: Math.sqrt(square / Math.max(1, values.length - 1) / values.length) };
}

/** @param paired the same seed means the same rows in both */
function compared(configuration, own, other, paired = false) {
  const ours = meanAndError(own);
  if (!other) return { configuration, ours: ours.mean };
  const their = meanAndError(other);
  const error = paired
    ? meanAndError(own.map((value, seed) => value - other[seed])).error
    : Math.hypot(ours.error, their.error);
  return {
    configuration,
    ours: ours.mean,
    LightGBM: their.mean,
    difference: ours.mean - their.mean,
    'standard error': own.length > 1 ? error : undefined,
  };
}

/** LightGBM gets the bin numbers as values, so that both search the same splits. */
async function loadLightGbm() {
  const path = join(folder, 'bins.raw');
  for (let c = 0; c < columns; c++) appendFileSync(path, matrix.readColumn(c));
  appendFileSync(path, new Uint8Array(data.label.buffer));
  await lightgbm.call('load', { path, rows: rows + testRows, columns, bins: 64, trainRows: rows });
}
