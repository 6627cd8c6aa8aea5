import { developmentRows } from '@onescan/learn';
import { BinnedMatrixBuilder } from '@onescan/learn/binning/binned-matrix-builder.js';
import { seededRandom } from '@onescan/learn/testing/numeric/seeded-random.js';

const WINDOW = 45;
const WARM_BARS = 500;
/** How much older than in other worlds what features say is in world `lag`: more than their 45 bars. */
const LAG_BARS = 90;
const PHI = 0.985;
const NOISE_PHI = [0.9, 0.98, 0.995];
const BQX_WINDOWS = [45, 90, 180, 360];
const HORIZONS = [15, 30, 45, 60, 75, 90, 105];

/**
 * What two states do to a bar's return 45 bars later, in its deviations, per unit of strength. `regime` works through the
 * second state's size, `partial` in the first half of the period only, `lag` through what a feature was 90 bars ago.
 */
export const EFFECTS = {
  linear: (first, second) => first + 0.7 * second,
  step: (first, second) => (first > 0.5 ? 1.2 : -0.55) + 0.7 * (second > -0.3 ? 0.7 : -1.1),
  square: (first, second) => (first ** 2 - 1) / Math.SQRT2 + (0.7 * (Math.abs(second) - 0.8)) / 0.6,
  interaction: (first, second) => 1.22 * Math.sign(first * second),
  regime: (first, second) => (1.22 * first * (Math.abs(second) - 0.8)) / 0.6,
  lag: (first, second) => 1.6 * (first + 0.7 * second),
  partial: (first, second, share) => (share < 0.5 ? 1.4 * (first + 0.7 * second) : 0),
  null: () => 0,
};

/**
 * Prices with a planted effect of two features, four bqx columns and features of noise that is as persistent as real ones.
 *
 * @param effect a name of EFFECTS, @param strength deviations of a bar's return
 * @returns features, targets and what the best possible predictor knows, ready for a PairLearner
 */
export function plantedPair({ effect, strength, seed, rows, spacing, columns }) {
  const random = seededRandom(BigInt(seed) * 31n + 7n);
  const bars = WARM_BARS + rows * spacing + 300;
  const states = [series(random, bars), series(random, bars)];
  const price = new Float64Array(bars);
  const drift = new Float64Array(bars);
  for (let t = 1; t < bars; t++) {
    const at = t - WINDOW - (effect === 'lag' ? LAG_BARS : 0);
    const pull = at < 0 ? 0 : strength * EFFECTS[effect](states[0][at], states[1][at], at / bars);
    drift[t] = drift[t - 1] + pull;
    price[t] = price[t - 1] + pull + random.normal();
  }
  const close = price.map((value) => 1.1 * Math.exp(1.2e-4 * value));
  const bar = new Int32Array(rows);
  for (let k = 0; k < rows; k++) bar[k] = WARM_BARS + k * spacing + Math.floor(random.next() * spacing);
  const change = (t, s) => (100 * (close[t] - close[s])) / close[s];
  const at64 = (value) => Float64Array.from(bar, value);
  const target = (horizon) => ({
    horizon,
    target: at64((t) => change(t + horizon, t + horizon - WINDOW)),
    knownPart: horizon < WINDOW ? at64((t) => change(t, t + horizon - WINDOW)) : null,
  });
  const known = (horizon, t) => (horizon < WINDOW ? price[t] - price[t + horizon - WINDOW] : 0);
  return {
    bar,
    features: featuresOf({ random, states, bar, change, columns }),
    targets: HORIZONS.map(target),
    persistence: at64((t) => change(t, t - WINDOW)),
    /** Known part and the drift of the bars whose drift is decided already. */
    oracle: (horizon) =>
      at64((t) => {
        const from = Math.max(t, t + horizon - WINDOW);
        const to = Math.min(t + horizon, t + WINDOW);
        return known(horizon, t) + (to > from ? drift[to] - drift[from] : 0);
      }),
  };
}

/** The same as the engine takes it. */
export function pairInput({ bar, features, targets, persistence }, config) {
  const rows = bar.length;
  const options = { bins: config.binning.bins, fitRows: developmentRows(bar, config) };
  const builder = new BinnedMatrixBuilder(rows, features.length, options);
  features.forEach(({ values }, position) => {
    builder.addColumn(position, values);
  });
  return {
    matrix: builder.finish(),
    featureIds: features.map(({ id }) => id),
    nullShare: new Float64Array(features.length),
    contentHash: features.map(({ id }) => `hash of ${id}`),
    time: Float64Array.from(bar, (t) => 1_577_836_800_000 + 60_000 * t),
    ...{ bar, targets, persistence, targetWindow: WINDOW },
  };
}

function featuresOf({ random, states, bar, change, columns }) {
  const at = (value) => Float32Array.from(bar, value);
  const features = BQX_WINDOWS.map((w) => ({
    id: `base_bqx_eurusd.bqx_${w}`,
    values: at((t) => change(t, t - w)),
  }));
  states.forEach((state, k) => {
    features.push({ id: `mkt_x.s${k}`, values: at((t) => trailingMean(state, t) + 0.1 * random.normal()) });
  });
  while (features.length < columns) {
    const phi = NOISE_PHI[features.length % 3];
    let level = random.normal();
    const values = at(() => (level = phi * level + Math.sqrt(1 - phi * phi) * random.normal()));
    features.push({ id: `agg_eurusd.noise_${features.length}`, values });
  }
  return features;
}

function series(random, bars) {
  let level = random.normal();
  return new Float64Array(bars).map(() => (level = PHI * level + Math.sqrt(1 - PHI * PHI) * random.normal()));
}

function trailingMean(state, t) {
  let sum = 0;
  for (let at = t - WINDOW + 1; at <= t; at++) sum += state[at];
  return sum / WINDOW;
}
