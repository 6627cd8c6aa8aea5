import { BinnedMatrixBuilder } from '@onescan/learn/binning/binned-matrix-builder.js';
import { developmentRows } from '@onescan/learn/splits/development-rows.js';
import { simulatePair } from '@onescan/learn/testing';
import { timed } from './cpu-seconds.mjs';
import { randomNumbers } from './tree-data.mjs';

export const HORIZONS = [15, 30, 45, 60, 75, 90, 105];
/** Noise columns share this many common factors, as families of features do. */
const FACTORS = 50;

/**
 * A simulated pair with a planted effect and columns of noise up to `columns`, binned as a trainer does it:
 * one column in memory at a time.
 *
 * @returns what a `PairLearner` and its horizons take, and the CPU seconds of binning
 */
export function pairData(rows, columns, config) {
  const pair = simulatePair({ seed: 11n, rows, spacing: 5, noiseFeatures: 0, effect: 0.05 });
  const fitRows = developmentRows(pair.bar, config);
  const builder = new BinnedMatrixBuilder(rows, columns, { bins: config.binning.bins, fitRows });
  const factors = Array.from({ length: FACTORS }, (_, f) => persistent(rows, randomNumbers(f + 1)));
  let seconds = 0;
  const featureIds = [];
  const nullShare = new Float64Array(columns);
  for (let c = 0; c < columns; c++) {
    const planted = pair.features[c];
    const values = /** @type {Float64Array} */ (
      planted?.values ?? noise(rows, factors[c % FACTORS], randomNumbers(1000 + c))
    );
    featureIds.push(planted?.id ?? `agg_eurusd.noise_${c}`);
    nullShare[c] = Array.from(values).filter(Number.isNaN).length / rows;
    seconds += timed(() => builder.addColumn(c, values)).seconds;
  }
  const { bar, time, persistence } = pair;
  const contentHash = featureIds.map((id) => `hash of ${id}`);
  const targets = HORIZONS.map((horizon) => pair.horizonInput(horizon));
  const columnFacts = { featureIds, nullShare, contentHash };
  const input = {
    matrix: builder.finish(),
    ...columnFacts,
    time,
    bar,
    targetWindow: 45,
    persistence,
    targets,
  };
  return { input, binning: seconds, horizonInput: pair.horizonInput };
}

function persistent(rows, { normal }) {
  let level = 0;
  return Float32Array.from({ length: rows }, () => {
    level = 0.9 * level + normal();
    return level;
  });
}

function noise(rows, factor, random) {
  const own = persistent(rows, random);
  return own.map((value, i) => (random.uniform() < 0.03 ? Number.NaN : value + 0.5 * factor[i]));
}
