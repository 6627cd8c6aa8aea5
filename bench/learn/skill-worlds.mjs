// Random walks with a fixed model, of which it is known whether it has skill: what intervals and p-values are checked on.

import { sigmoid } from '@onescan/learn/numeric/sigmoid.js';
import { seededRandom } from '@onescan/learn/testing/numeric/seeded-random.js';

export const WINDOW = 45;

/** Kinds of worlds: an opinion of deviation 0.15 in log-odds that is noise, slow noise, right a little, or beside volatility that clusters. */
export const KINDS = {
  noise: { drift: 0, slowness: 0.98 },
  'slow noise': { drift: 0, slowness: 0.999 },
  signal: { drift: 0.03, slowness: 0.98 },
  clusters: { drift: 0, slowness: 0.995, clusters: true },
};

/** Rows and bars between them. */
export const SAMPLES = [
  [1500, 8],
  [1500, 2],
  [4000, 25],
];

export const HORIZONS = [15, 45, 105];

/** Rows, bars between them and horizon of worlds where the model knows volatility, which persists, and its opinion of direction is noise. */
export const KNOWN_VOLATILITY = [
  [1500, 8, 15],
  [4000, 12, 15],
  [4000, 12, 30],
  [4000, 3, 15],
];

/** What is scored in a world: rows in time order, a model's and the overlap baseline's probability. */
export function skillWorld(seed, { rows, spacing, horizon, kind }) {
  const random = seededRandom(seed);
  const isKnown = kind === 'known volatility';
  const { drift, slowness, clusters } = isKnown ? { drift: 0, slowness: 0.995 } : KINDS[kind];
  const bars = 100 + rows * spacing + 200;
  const price = new Float64Array(bars);
  const signal = new Float64Array(bars);
  const volatility = new Float64Array(bars).fill(1);
  signal[0] = random.normal();
  let level = 0.8 * random.normal();
  let variance = 1;
  let shock = 0;
  for (let t = 1; t < bars; t++) {
    signal[t] = slowness * signal[t - 1] + Math.sqrt(1 - slowness ** 2) * random.normal();
    if (clusters) variance = 0.005 + 0.06 * shock * shock + 0.935 * variance;
    volatility[t] = Math.sqrt(variance);
    if (isKnown) {
      level = 0.999 * level + 0.8 * Math.sqrt(1 - 0.999 ** 2) * random.normal();
      volatility[t] = Math.exp(level);
    }
    shock = volatility[t] * random.normal();
    price[t] = price[t - 1] + shock + drift * signal[t - 1];
  }
  const bar = Int32Array.from(
    { length: rows },
    (_, k) => 100 + k * spacing + Math.floor(spacing * random.next()),
  );
  const overlap = Math.max(0, WINDOW - horizon);
  const known = Float64Array.from(bar, (t) => price[t] - price[t - overlap]);
  const unknown = Float64Array.from(bar, (t) => price[t + horizon] - price[t + horizon - WINDOW + overlap]);
  const label = known.map((own, k) => (own + unknown[k] > 0 ? 1 : 0));
  const size = Math.sqrt(Math.min(horizon, WINDOW));
  const base = known.map((own) => (1.7 * own) / (size * (isKnown ? 1.2 : 1)));
  const opinion = isKnown ? 0.05 : 0.15;
  const logOdds = base.map((own, k) => {
    const judged = isKnown ? (1.7 * known[k]) / (size * volatility[bar[k]]) : own;
    return judged + opinion * signal[bar[k]];
  });
  const reference = base.map(sigmoid);
  const baselines = [{ name: 'overlap_logistic', score: base, probability: reference }];
  return { bar, label, unknown, reference, baselines, probability: logOdds.map(sigmoid) };
}
