// A whole pair: bin, prune, select, model and explain all horizons with preset standard, one thread by default.
// node bench/learn/pair.mjs [--full | --quick] [--rows N] [--columns N] [--threads N] [--json]
import { resolveLearnConfig } from '../../libs/learn/dist/learn-config.js';
import { PairLearner } from '../../libs/learn/dist/pair-learner.js';
import { benchFlags } from './bench-flags.mjs';
import { cpuSeconds, peakGigabytes } from './cpu-seconds.mjs';
import { HORIZONS, pairData } from './pair-data.mjs';
import { printTable } from './print-table.mjs';

const flags = benchFlags({
  rows: { usual: 80000, quick: 20000 },
  columns: { usual: 2000, quick: 300, full: 6477 },
  threads: { usual: 1 },
});
const config = resolveLearnConfig('standard', {});
const { input, binning, horizonInput } = pairData(flags.rows, flags.columns, config);
const learner = new PairLearner(input, config, flags.threads);
const wallStart = performance.now();
const results = HORIZONS.map(learn);
learner.release();
const total = { horizon: 'all' };
for (const key of Object.keys(results[0]).slice(1))
  total[key] = results.reduce((sum, row) => sum + row[key], 0);
const wall = (performance.now() - wallStart) / 1000;
printTable(
  `Whole pair, ${flags.rows} x ${flags.columns}, preset standard, ${flags.threads} thread(s): CPU s by stage; binning ${binning.toFixed(1)} s, wall ${wall.toFixed(0)} s, peak ${peakGigabytes().toFixed(2)} GB`,
  [...results, total],
  flags.json,
);

function learn(horizon) {
  const stages = { prune: 0, select: 0, model: 0, explain: 0 };
  const before = cpuSeconds();
  const onStage = (stage, event) => {
    stages[stage] += event === 'start' ? -cpuSeconds() : cpuSeconds();
  };
  const { summary } = learner.learnHorizon({ ...horizonInput(horizon), seed: 7n }, { onStage });
  return { horizon, ...stages, all: cpuSeconds() - before, retained: summary.featuresRetained };
}
