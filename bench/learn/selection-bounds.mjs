// Features that selection retains where no feature foretells anything, beside its bound and what it retains for shadow targets.
// node bench/learn/selection-bounds.mjs [--quick | --full] [--rows N] [--columns N] [--seeds N] [--spacing BARS] [--pairs N] [--bound NAME] [--world NAME]
import { BinnedMatrixBuilder } from '@onescan/learn/binning/binned-matrix-builder.js';
import { createStabilityContext } from '@onescan/learn/testing/stability/create-stability-context.js';
import { stabilitySelection } from '@onescan/learn/testing/stability/stability-selection.js';
import { benchFlags } from './bench-flags.mjs';
import { cpuSeconds } from './cpu-seconds.mjs';
import { nullWorld, WORLDS } from './null-worlds.mjs';
import { printTable } from './print-table.mjs';

const HORIZONS = [15, 45, 105];
const LONGEST = 105;
const WINDOW = 45;

const flags = benchFlags(
  {
    rows: { usual: 8000, quick: 3200, full: 32_000 },
    columns: { usual: 150, quick: 60 },
    seeds: { usual: 20, quick: 3, full: 60 },
    spacing: { usual: 8 },
    pairs: { usual: 50 },
    shadows: { usual: 2, quick: 1 },
    first: { usual: 1 },
  },
  { world: '', bound: 'r-concave' },
);

const worlds = flags.world === '' ? WORLDS : flags.world.split(',');
printTable(
  `features retained where none foretells anything: ${flags.rows} rows, ${flags.columns} columns, ` +
    `${flags.seeds} seeds x ${HORIZONS.length} horizons`,
  worlds.map(measure),
  flags.json,
);

function measure(world) {
  const sum = { retained: 0, shadow: 0, bound: 0, q: 0, inflation: 0 };
  const before = cpuSeconds();
  for (let seed = flags.first; seed < flags.first + flags.seeds; seed++) {
    for (const one of selectAll(world, seed)) {
      for (const name of Object.keys(sum)) sum[name] += one[name];
    }
  }
  const runs = flags.seeds * HORIZONS.length;
  const mean = Object.fromEntries(Object.entries(sum).map(([name, value]) => [name, value / runs]));
  return { world, ...mean, 'CPU s': (cpuSeconds() - before) / runs };
}

function selectAll(world, seed) {
  const { rows, columns, spacing, shadows } = flags;
  const { bar, features, unknown } = nullWorld({ world, seed, rows, spacing, columns });
  const builder = new BinnedMatrixBuilder(rows, features.length, { bins: 64, fitRows: rows });
  features.forEach((values, position) => {
    builder.addColumn(position, values);
  });
  const matrix = builder.finish();
  const candidates = features.map((_, column) => column);
  const context = createStabilityContext({
    ...{ matrix, candidates, rows, bar, purgeBars: LONGEST + WINDOW, pairs: flags.pairs },
  });
  const outcomes = HORIZONS.map((horizon) => {
    const found = stabilitySelection(context, {
      ...{
        rows: Uint32Array.from({ length: rows }, (_, row) => row),
        target: unknown(horizon),
        bar,
        shadows,
      },
      ...{ seed: BigInt(1000 * seed + horizon), threshold: 0.6, maxFalse: 1 },
      bound: flags.bound,
    });
    const bounds = found.expectedFalseSelections;
    return {
      retained: found.selected.length,
      shadow: found.shadowSelections,
      bound: found.bound === 'unimodal' ? bounds.unimodal : bounds.rConcave,
      q: found.q,
      inflation: [...found.inflation.values()][0].median,
    };
  });
  matrix.release();
  return outcomes;
}
