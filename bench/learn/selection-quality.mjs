// Planted features that each method has among its first 100, and CPU seconds; interactions found among promising
// features. Standard selection, and elastic net with boosted stumps, beside LightGBM-gain stability and the
// elastic-net stability of scikit-learn on subsamples of the same blocks. A method's `behind` is how many fewer it
// finds than standard selection in the same data, mean of the seeds, with its standard error.
// node bench/learn/selection-quality.mjs [--quick | --full] [--rows N] [--columns N] [--firstSeed N] [--seeds N] [--pairs N] [--rivalPairs N] [--list N] [--json] [--python PATH]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BinnedMatrixBuilder } from '@onescan/learn/binning/binned-matrix-builder.js';
import { selectInteractions } from '@onescan/learn/testing/interactions/interaction-selection.js';
import { seededRandom } from '@onescan/learn/testing/numeric/seeded-random.js';
import { drawComplementaryPairs } from '@onescan/learn/testing/stability/complementary-pairs.js';
import { createStabilityContext } from '@onescan/learn/testing/stability/create-stability-context.js';
import { stabilitySelection } from '@onescan/learn/testing/stability/stability-selection.js';
import { callingThread } from '@onescan/learn/testing/threads/work-pool.js';
import { benchFlags } from './bench-flags.mjs';
import { timed } from './cpu-seconds.mjs';
import { PLANTED, PRODUCTS, plantedData } from './planted-data.mjs';
import { printTable } from './print-table.mjs';

const CASES = [
  { name: 'R2 .06', share: 0.06, persistence: 0 },
  { name: 'R2 .03', share: 0.03, persistence: 0 },
  { name: 'R2 .06, persistent', share: 0.06, persistence: 0.8 },
  { name: 'R2 .06, other shapes', share: 0.06, persistence: 0, mix: 'other' },
];
const BAR_STEP = 10;
const DEPENDENCE_BARS = 150;

const flags = benchFlags({
  rows: { usual: 20000, quick: 8000 },
  columns: { usual: 1000, quick: 300, full: 2000 },
  firstSeed: { usual: 1 },
  seeds: { usual: 3, quick: 1, full: 6 },
  pairs: { usual: 50, quick: 25 },
  rivalPairs: { usual: 5, quick: 3, full: 10 },
  list: { usual: 100 },
});
const { rows, columns, firstSeed, seeds, pairs, rivalPairs, list, python } = flags;
const bar = Int32Array.from({ length: rows }, (_, row) => row * BAR_STEP);
const allRows = Uint32Array.from({ length: rows }, (_, row) => row);
const folder = mkdtempSync(join(tmpdir(), 'onescan-selection-'));
let rivalsMissing = false;

const table = [];
try {
  for (const setting of CASES) {
    const runs = [];
    for (let k = 0; k < seeds; k++) runs.push(run(setting, firstSeed + k));
    table.push(...summarise(setting, runs));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
printTable(
  `Planted features among the first ${list} of ${columns} (${PLANTED} planted), ${rows} rows, mean of ${seeds} seeds from ${firstSeed}`,
  table,
  flags.json,
);
if (rivalsMissing) {
  console.error(
    `NO RIVALS IN THIS RUN: ${python} cannot import lightgbm and sklearn (pip install lightgbm scikit-learn, or --python PATH).`,
  );
}

function run(setting, seed) {
  const { features, cause, target } = plantedData({ rows, columns, seed, ...setting });
  const builder = new BinnedMatrixBuilder(rows, columns, { bins: 64, fitRows: rows });
  features.forEach((values, position) => {
    builder.addColumn(position, values);
  });
  const matrix = builder.finish();
  const candidates = features.map((_, column) => column);
  const shared = timed(() =>
    createStabilityContext({ matrix, candidates, rows, bar, purgeBars: DEPENDENCE_BARS, pairs }),
  );
  const context = shared.result;
  const input = { rows: allRows, target, bar, seed: BigInt(seed), threshold: 0.6, maxFalse: 1 };
  const own = timed(() => stabilitySelection(context, input));
  const stumps = timed(() => stabilitySelection(context, { ...input, methods: ['elastic-net', 'stumps'] }));
  const { order, selected, q } = own.result;
  const interactions = timed(() =>
    selectInteractions(
      {
        matrix,
        columns: order,
        mainEffects: selected,
        blocks: context.blocks,
        rows: allRows,
        target,
        bar,
        dependenceBars: DEPENDENCE_BARS,
        pairs,
        threshold: 0.6,
        maxFalse: 0.5,
        seed: BigInt(seed),
        pool: callingThread,
      },
      {},
    ),
  );
  const { retained } = interactions.result;
  const isPlanted = ({ columns: [a, b] }) => PRODUCTS.some(([x, y]) => same([x, y], [cause[a], cause[b]]));
  const found = {
    standard: { found: planted(order, cause), seconds: shared.seconds / 7 + own.seconds },
    stumps: { found: planted(stumps.result.order, cause), seconds: shared.seconds / 7 + stumps.seconds },
    retained: selected.length,
    retainedFalse: selected.filter((column) => cause[column] >= PLANTED).length,
    interactions: retained.filter(isPlanted).length,
    interactionsFalse: retained.filter((pair) => !isPlanted(pair)).length,
    interactionSeconds: interactions.seconds,
    ...rivals({ features, cause, target, blocks: context.blocks, q, seed }),
  };
  matrix.release();
  return found;
}

/** Planted ones among the first of an order. */
function planted(order, cause) {
  return order.slice(0, list).filter((column) => cause[column] < PLANTED).length;
}

function same([a, b], pair) {
  return pair.includes(a) && pair.includes(b);
}

/** LightGBM and scikit-learn on complementary pairs of the same blocks; nothing when they are not installed. */
function rivals({ features, cause, target, blocks, q, seed }) {
  const path = join(folder, 'data');
  const values = Buffer.concat(features.map(({ buffer }) => Buffer.from(buffer)));
  writeFileSync(path, Buffer.concat([values, Buffer.from(target.buffer)]));
  const subsamples = drawComplementaryPairs(blocks.length, rivalPairs, seededRandom(BigInt(seed))).flatMap(
    (membership) =>
      [1, 0].map((side) =>
        blocks.filter((_, block) => membership[block] === side).map(({ begin, end }) => [begin, end]),
      ),
  );
  const script = fileURLToPath(new URL('selection-rivals.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync(python, [script], {
    input: JSON.stringify({ path, rows, columns, q: Math.max(q, list / 4), subsamples }),
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    maxBuffer: 1e8,
    encoding: 'utf8',
  });
  if (status !== 0) {
    if (!/ModuleNotFoundError|ImportError/.test(stderr) && status !== null) throw new Error(stderr);
    rivalsMissing = true;
    return {};
  }
  const { lightgbm, elasticNet } = JSON.parse(stdout);
  const scored = ({ order, seconds }) => ({ found: planted(order, cause), seconds });
  return { lightgbm: scored(lightgbm), elasticNet: scored(elasticNet) };
}

function summarise({ name }, runs) {
  const mean = (pick) => runs.reduce((sum, one) => sum + pick(one), 0) / runs.length;
  const line = (method, key, fits) => ({
    case: name,
    method,
    found: mean((one) => one[key].found),
    ...paired(runs.map((one) => one.standard.found - one[key].found)),
    'CPU s a horizon': mean((one) => one[key].seconds),
    subsamples: fits,
  });
  const lines = [
    {
      ...line('standard', 'standard', 2 * pairs),
      retained: mean((one) => one.retained),
      false: mean((one) => one.retainedFalse),
      interactions: mean((one) => one.interactions),
      'false ones': mean((one) => one.interactionsFalse),
      'their CPU s': mean((one) => one.interactionSeconds),
    },
    line('elastic net and stumps', 'stumps', 2 * pairs),
  ];
  if (runs[0].lightgbm) {
    lines.push(line('LightGBM gain stability', 'lightgbm', 2 * rivalPairs));
    lines.push(line('elastic-net stability (scikit-learn)', 'elasticNet', 2 * rivalPairs));
  }
  return lines;
}

/** Mean of differences, and its standard error where there are several. */
function paired(differences) {
  const count = differences.length;
  const behind = differences.reduce((sum, value) => sum + value, 0) / count;
  const square = differences.reduce((sum, value) => sum + (value - behind) ** 2, 0);
  return { behind, 'standard error': count > 1 ? Math.sqrt(square / (count - 1) / count) : undefined };
}
