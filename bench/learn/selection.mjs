// Pruning, Gram matrix and stability selection of one pair, all horizons: CPU seconds and peak memory, one thread.
// node bench/learn/selection.mjs [--full | --quick] [--rows N] [--columns N] [--horizons N] [--set KEY=VALUE,...] [--json]

import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { CancelledError } from '@onescan/learn/errors/cancelled-error.js';
import { PairLearner } from '@onescan/learn/learner/pair-learner.js';
import { benchFlags, settingsOf } from './bench-flags.mjs';
import { cpuSeconds, peakGigabytes } from './cpu-seconds.mjs';
import { HORIZONS, pairData } from './pair-data.mjs';
import { printTable } from './print-table.mjs';

const flags = benchFlags(
  {
    rows: { usual: 80000, quick: 20000 },
    columns: { usual: 2000, quick: 300, full: 6477 },
    horizons: { usual: HORIZONS.length },
  },
  { set: '' },
);
const config = resolveLearnConfig('standard', settingsOf(flags.set));
const { input, horizonInput } = pairData(flags.rows, flags.columns, config);
const learner = new PairLearner(input, config);
const results = [];
const started = cpuSeconds();
for (const horizon of HORIZONS.slice(0, flags.horizons)) results.push(select(horizon));
learner.release();
results.push({ horizon: 'all', 'CPU s': cpuSeconds() - started });
const { pairs } = config.select;
printTable(
  `Selection, ${flags.rows} x ${flags.columns}, ${pairs} complementary pairs (the first horizon prunes and builds the Gram matrix); peak ${peakGigabytes().toFixed(2)} GB`,
  results,
  flags.json,
);

/** Learns a horizon and stops where selection ends. */
function select(horizon) {
  const before = cpuSeconds();
  let selected = false;
  const hooks = {
    onStage: (stage, event) => {
      if (stage === 'select' && event === 'end') selected = true;
    },
    isCancelled: () => selected,
  };
  try {
    learner.learnHorizon({ ...horizonInput(horizon), seed: 7n }, hooks);
    throw new Error('the learner did not stop after selection');
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error;
  }
  return { horizon, 'CPU s': cpuSeconds() - before };
}
