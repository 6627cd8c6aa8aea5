// CPU seconds a boosted tree, beside LightGBM on the same bins, rows and parameters, and R2 on other rows.
// node bench/learn/tree.mjs [--full | --quick] [--rows N] [--columns N] [--trees N] [--repeats N] [--bins N] [--json] [--python PATH]
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BinnedMatrixBuilder } from '@onescan/learn/binning/binned-matrix-builder.js';
import { trainBooster } from '@onescan/learn/testing/boosting/train-booster.js';
import { benchFlags } from './bench-flags.mjs';
import { cpuSeconds, median, peakGigabytes, timed } from './cpu-seconds.mjs';
import { reportMissing, startLightGbm } from './lightgbm.mjs';
import { printTable } from './print-table.mjs';
import { treeData } from './tree-data.mjs';

const LEAVES = 63;
const DEPTH = 8;
const RECORDED = 'Recorded before: see docs/benchmarks.md.';
/** Ours and theirs by name; each repeat runs all of them in turn. */
const CONFIGURATIONS = [
  { name: 'plain', ours: {}, theirs: {} },
  { name: 'plain / their quantised', ours: {}, theirs: { use_quantized_grad: true } },
  {
    name: 'half of the rows',
    ours: { rowFraction: 0.5 },
    theirs: { bagging_fraction: 0.5, bagging_freq: 1 },
  },
];

const flags = benchFlags({
  rows: { usual: 80000, quick: 20000 },
  columns: { usual: 400, quick: 100, full: 6477 },
  trees: { usual: 15, quick: 5, full: 4 },
  repeats: { usual: 5, quick: 2, full: 2 },
  bins: { usual: 64 },
});
const { rows, columns, trees, repeats, bins } = flags;
const testRows = Math.floor(rows / 8);
const training = Uint32Array.from({ length: rows }, (_, i) => i);
const test = Uint32Array.from({ length: testRows }, (_, i) => rows + i);

const data = treeData(rows + testRows, columns);
const builder = new BinnedMatrixBuilder(rows + testRows, columns, { bins, fitRows: rows });
let binning = 0;
for (let c = 0; c < columns; c++) {
  const values = data.column(c);
  binning += timed(() => builder.addColumn(c, values)).seconds;
}
const matrix = builder.finish();

const lightgbm = await startLightGbm(flags.python);
const loaded = lightgbm && (await loadLightGbm());
const runs = CONFIGURATIONS.map((configuration) => ({ ...configuration, own: [], other: [] }));
for (let repeat = 0; repeat < repeats; repeat++) {
  for (const run of runs) {
    run.own.push(trainOwn(run.ours));
    const params = { num_leaves: LEAVES, max_depth: DEPTH, learning_rate: 0.1, ...run.theirs };
    if (lightgbm) run.other.push(await lightgbm.call('train', { trees, params }));
  }
}
lightgbm?.close();

printTable(
  `One tree, ${rows} x ${columns}, ${bins} bins, ${LEAVES} leaves, depth ${DEPTH}: CPU s, median of ${repeats}`,
  runs.map(({ name, own, other }) => {
    const [ours, theirs] = [own, other].map((list) => list.length > 0 && median(list.map((r) => r.seconds)));
    return {
      configuration: name,
      ours,
      LightGBM: theirs || undefined,
      'times as fast': theirs ? theirs / ours : undefined,
      'R2 ours': own[0].r2,
      'R2 LightGBM': other[0]?.r2,
    };
  }),
  flags.json,
);
printTable(
  'Before the first tree: CPU s, and peak memory of our process',
  [{ 'our binning': binning, 'LightGBM Dataset': loaded?.seconds, 'peak GB': peakGigabytes() }],
  flags.json,
);
if (!lightgbm) reportMissing(flags.python, RECORDED);

/** CPU seconds a tree after the first, as LightGBM is timed, and R2 on the test rows. */
function trainOwn(params) {
  const common = { learningRate: 0.1, maxLeaves: LEAVES, maxDepth: DEPTH, rounds: trees + 1 };
  let started = 0;
  const hooks = {
    onRound: (round) => {
      if (round === 0) started = cpuSeconds();
    },
  };
  const task = { matrix, rows: training, label: data.label };
  const booster = trainBooster(task, { ...common, ...params }, hooks);
  const seconds = (cpuSeconds() - started) / trees;
  const raw = booster.predictRaw(matrix, test);
  const label = data.label.subarray(rows);
  const mean = label.reduce((sum, y) => sum + y, 0) / testRows;
  const error = label.reduce((sum, y, i) => sum + (y - raw[i]) ** 2, 0);
  return { seconds, r2: 1 - error / label.reduce((sum, y) => sum + (y - mean) ** 2, 0) };
}

/** LightGBM gets the bin numbers as values, so that both search the same splits. */
async function loadLightGbm() {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-bench-'));
  try {
    const path = join(folder, 'bins.raw');
    for (let c = 0; c < columns; c++) appendFileSync(path, matrix.readColumn(c));
    appendFileSync(path, new Uint8Array(data.label.buffer));
    return await lightgbm.call('load', { path, rows: rows + testRows, columns, bins, trainRows: rows });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
