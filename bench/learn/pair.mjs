// A whole pair: bin, prune, select, model and explain all horizons, one thread by default.
// node bench/learn/pair.mjs [--full | --quick] [--rows N] [--columns N] [--threads N] [--preset NAME] [--horizons N]
//   [--retain N] [--json]
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { PairLearner } from '@onescan/learn/learner/pair-learner.js';
import { benchFlags } from './bench-flags.mjs';
import { watchThreads } from './busy-threads.mjs';
import { cpuSeconds, peakGigabytes } from './cpu-seconds.mjs';
import { HORIZONS, pairData } from './pair-data.mjs';
import { printTable } from './print-table.mjs';

const flags = benchFlags(
  {
    rows: { usual: 80000, quick: 20000 },
    columns: { usual: 2000, quick: 300, full: 6477 },
    threads: { usual: 1 },
    horizons: { usual: HORIZONS.length },
  },
  { preset: 'standard', retain: '0' },
);
const overrides = Number(flags.retain) > 0 ? retainAtLeast(Number(flags.retain)) : {};
const config = resolveLearnConfig(flags.preset, overrides);
const { input, binning, horizonInput } = pairData(flags.rows, flags.columns, config);
const stopWatching = await watchThreads();
const learner = new PairLearner(input, config, flags.threads);
const wallStart = performance.now();
const results = HORIZONS.slice(0, flags.horizons).map(learn);
learner.release();
const wall = (performance.now() - wallStart) / 1000;
const watched = stopWatching();
const total = { horizon: 'all' };
for (const key of Object.keys(results[0]).slice(1))
  total[key] = results.reduce((sum, row) => sum + row[key], 0);
const busy = watched
  ? `${watched.meanBusy.toFixed(2)} threads busy on average, parallel share ${(100 * watched.parallelShare).toFixed(1)} %`
  : 'threads not watched';
printTable(
  `Whole pair, ${flags.rows} x ${flags.columns}, preset ${flags.preset}, ${flags.threads} thread(s): CPU s by stage; binning ${binning.toFixed(1)} s, wall ${wall.toFixed(0)} s, ${busy}, peak ${peakGigabytes().toFixed(2)} GB`,
  [...results, total],
  flags.json,
);

/** Settings that let selection keep more than is planted: what modeling costs when much is retained. */
function retainAtLeast(features) {
  return {
    'select.maxFalse': String(2 * features),
    'select.threshold': '0.6',
    'select.maxFeatures': String(features),
  };
}

function learn(horizon) {
  const stages = { prune: 0, select: 0, model: 0, explain: 0 };
  const before = cpuSeconds();
  const onStage = (stage, event) => {
    stages[stage] += event === 'start' ? -cpuSeconds() : cpuSeconds();
  };
  const { summary } = learner.learnHorizon({ ...horizonInput(horizon), seed: 7n }, { onStage });
  const row = { horizon, ...stages, all: cpuSeconds() - before, retained: summary.featuresRetained };
  process.stderr.write(`${JSON.stringify(row)}\n`);
  return row;
}
