// Planted products of two features that the test for interactions retains, false ones, what it retains for a shadow
// target, and CPU seconds; also where nothing interacts, with persistent features and overlapping targets.
// node bench/learn/interactions.mjs [--quick | --full] [--rows N] [--columns N] [--seeds N] [--pairs N] [--sizes N] [--bound NAME] [--json]
import { BinnedMatrixBuilder } from '@onescan/learn/binning/binned-matrix-builder.js';
import { selectInteractions } from '@onescan/learn/testing/interactions/interaction-selection.js';
import { createStabilityContext } from '@onescan/learn/testing/stability/create-stability-context.js';
import { stabilitySelection } from '@onescan/learn/testing/stability/stability-selection.js';
import { callingThread } from '@onescan/learn/testing/threads/work-pool.js';
import { benchFlags } from './bench-flags.mjs';
import { timed } from './cpu-seconds.mjs';
import { interactionData, SHAPE_NAMES } from './interaction-data.mjs';
import { printTable } from './print-table.mjs';

const PLAIN = { product: 0, persistence: 0, overlap: 1, volatile: false, curved: 0 };
const PERSISTENT = { persistence: 0.9, overlap: 12 };
const CASES = [
  { name: 'each product 0.35 %', ...PLAIN, product: 0.0035 },
  { name: 'each product 0.17 %', ...PLAIN, product: 0.0017 },
  { name: 'each 0.35 %, volatile', ...PLAIN, product: 0.0035, volatile: true },
  { name: 'each 1 %, persistent', ...PLAIN, ...PERSISTENT, product: 0.01 },
  { name: 'none, volatile', ...PLAIN, volatile: true },
  { name: 'none, persistent', ...PLAIN, ...PERSISTENT },
  { name: 'none, persistent and volatile', ...PLAIN, persistence: 0.98, overlap: 12, volatile: true },
  { name: 'none, one curved effect', ...PLAIN, curved: 0.05 },
];
const BAR_STEP = 10;
const DEPENDENCE_BARS = 150;
const MAX_FALSE = 0.5;

const flags = benchFlags(
  {
    rows: { usual: 20000, quick: 8000 },
    columns: { usual: 1000, quick: 200, full: 2000 },
    seeds: { usual: 6, quick: 1, full: 12 },
    pairs: { usual: 50, quick: 25 },
    sizes: { usual: 250, quick: 50 },
  },
  { bound: 'r-concave' },
);
const { rows, columns, seeds, pairs, bound } = flags;
const bar = Int32Array.from({ length: rows }, (_, row) => row * BAR_STEP);
const allRows = Uint32Array.from({ length: rows }, (_, row) => row);

const table = CASES.map((setting) => {
  const runs = Array.from({ length: seeds }, (_, seed) => run(setting, seed + 1));
  const mean = (pick) => runs.reduce((sum, one) => sum + pick(one), 0) / seeds;
  return {
    case: setting.name,
    ...Object.fromEntries(
      SHAPE_NAMES.map((name, k) => [name, setting.product > 0 ? mean(({ found }) => found[k]) : undefined]),
    ),
    false: mean((one) => one.wrong),
    shadow: mean((one) => one.shadow),
    'CPU s': mean((one) => one.seconds),
  };
});
printTable(
  `Interactions retained among all pairs of ${columns} features, ${rows} rows, bound on false ones ${MAX_FALSE}, mean of ${seeds} seeds`,
  table,
  flags.json,
);

function run(setting, seed) {
  const { features, target, shapeOf } = interactionData({ rows, columns, seed, ...setting });
  const builder = new BinnedMatrixBuilder(rows, columns, { bins: 64, fitRows: rows });
  features.forEach((values, position) => {
    builder.addColumn(position, values);
  });
  const matrix = builder.finish();
  const common = { rows: allRows, target, bar, seed: BigInt(seed), threshold: 0.6, bound };
  const candidates = features.map((_, column) => column);
  const context = createStabilityContext({
    matrix,
    candidates,
    rows,
    bar,
    purgeBars: DEPENDENCE_BARS,
    pairs,
  });
  const single = stabilitySelection(context, { ...common, maxFalse: 1 });
  const { seconds, result } = timed(() =>
    selectInteractions(
      {
        ...common,
        matrix,
        columns: candidates,
        sizes: single.order.slice(0, flags.sizes).map((position) => candidates[position]),
        mainEffects: single.selected,
        blocks: context.blocks,
        dependenceBars: DEPENDENCE_BARS,
        pairs,
        maxFalse: MAX_FALSE,
        pool: callingThread,
      },
      {},
    ),
  );
  matrix.release();
  const shapes = result.retained.map(({ columns: [a, b] }) =>
    setting.product > 0 ? shapeOf(a, b) : undefined,
  );
  return {
    found: SHAPE_NAMES.map((_, k) => shapes.filter((shape) => shape === k).length),
    wrong: shapes.filter((shape) => shape === undefined).length,
    shadow: result.shadowSelections,
    seconds,
  };
}
