import { BinnedMatrixBuilder } from '../binning/binned-matrix-builder.js';
import type { LearnConfig } from '../config/learn-config.js';
import type { PairInput } from '../data/pair-input.js';
import type { PairTarget } from '../data/pair-target.js';
import type { HorizonInput } from '../horizon/learn-horizon.js';
import { seededRandom, subseed } from '../numeric/seeded-random.js';
import { developmentRows } from '../splits/development-rows.js';

export interface SimulationOptions {
  readonly seed: bigint;
  /** Sampled rows. */
  readonly rows: number;
  /** Bars between neighbouring rows on average; rows are drawn at random. */
  readonly spacing: number;
  readonly noiseFeatures: number;
  /** Standard deviations a return gains per unit of the planted state `delay` bars before; 0 = random walk. */
  readonly effect?: number;
  /** Standard deviations a return gains by the product of signs of two states `delay` bars before; 0 = none. */
  readonly interaction?: number;
  /** Log-deviation of a slowly changing volatility; 0 = constant. */
  readonly volatilitySpread?: number;
  readonly window?: number;
}

/** A simulated pair: prices, a row sample and features, ready for a PairLearner. */
export interface SimulatedPair {
  readonly bar: Int32Array;
  /** By bar, those between the rows too. */
  readonly close: Float64Array;
  readonly time: Float64Array;
  readonly features: readonly { readonly id: string; readonly values: Float32Array | Float64Array }[];
  readonly persistence: Float64Array;
  horizonInput(horizon: number): HorizonInput;
  /** @param features other columns than the simulated ones */
  pairInput(config: LearnConfig, features?: SimulatedPair['features']): PairInput;
}

const STATE_PERSISTENCE = 0.985;
const STATE_DELAY = 45;
const BQX_WINDOWS = [45, 90, 180, 360];
/** All targets of a dataset. */
const HORIZONS = [15, 30, 45, 60, 75, 90, 105];

/**
 * A random walk in prices, optionally with an AR(1) state that leads returns by 45 bars and is seen, with
 * noise, in two of the features; the rest of the features are bqx columns, volatility, and noise that is as
 * persistent as real features are.
 */
export function simulatePair(options: SimulationOptions): SimulatedPair {
  const { seed, rows, spacing, noiseFeatures, effect = 0, interaction = 0, volatilitySpread = 0 } = options;
  const { window = 45 } = options;
  const random = seededRandom(seed);
  const longest = Math.max(...BQX_WINDOWS);
  const bars = longest + rows * spacing + 200;
  const close = new Float64Array(bars);
  const state = new Float64Array(bars);
  const [left, right] = interactingStates(interaction === 0 ? 0 : bars, seed);
  const volatility = new Float64Array(bars);
  let logVolatility = 0;
  close[0] = 1.1;
  for (let t = 1; t < bars; t++) {
    state[t] = STATE_PERSISTENCE * state[t - 1]! + Math.sqrt(1 - STATE_PERSISTENCE ** 2) * random.normal();
    logVolatility = 0.999 * logVolatility + volatilitySpread * Math.sqrt(1 - 0.999 ** 2) * random.normal();
    volatility[t] = Math.exp(logVolatility);
    const delayed = t - STATE_DELAY;
    let drift = delayed > 0 ? effect * state[delayed]! : 0;
    if (interaction !== 0 && delayed > 0) drift += interaction * Math.sign(left[delayed]! * right[delayed]!);
    close[t] = close[t - 1]! * (1 + 1.2e-4 * volatility[t]! * (drift + random.normal()));
  }
  const bar = sampleBars(rows, spacing, longest, random.next);
  const change = (end: number, start: number) => (100 * (close[end]! - close[start]!)) / close[start]!;
  const at = (value: (t: number) => number) => Float32Array.from(bar, value);
  const at64 = (value: (t: number) => number) => Float64Array.from(bar, value);
  const features = BQX_WINDOWS.map((w) => ({
    id: `base_bqx_eurusd.bqx_${w}`,
    values: at((t) => change(t, t - w)),
  }));
  features.push({
    id: 'vol_eurusd.realized',
    values: at((t) => volatility[t]! * (1 + 0.1 * random.normal())),
  });
  features.push({ id: 'mkt_flow.flow', values: at((t) => state[t]! + 0.3 * random.normal()) });
  features.push({
    id: 'mkt_flow.flow_ma',
    values: at((t) => meanOf(state, t - 30, t) + 0.2 * random.normal()),
  });
  if (interaction !== 0) {
    features.push({ id: 'mkt_regime.left', values: at((t) => left[t]!) });
    features.push({ id: 'mkt_regime.right', values: at((t) => right[t]!) });
  }
  for (let f = 0; f < noiseFeatures; f++) {
    let level = 0;
    const values = Float32Array.from(bar, () => (level = 0.9 * level + random.normal()));
    for (let row = 0; row < rows; row++) if (random.next() < 0.05) values[row] = Number.NaN;
    features.push({ id: `agg_eurusd.noise_${f}`, values });
  }
  const persistence = Float64Array.from(bar, (t) => change(t, t - window));
  const time = Float64Array.from(bar, (t) => 1_577_836_800_000 + 60_000 * t);
  const pairTarget = (horizon: number): PairTarget => ({
    horizon,
    target: at64((t) => change(t + horizon, t + horizon - window)),
    knownPart: horizon < window ? at64((t) => change(t, t + horizon - window)) : null,
  });
  const targets = HORIZONS.map(pairTarget);
  return {
    bar,
    close,
    time,
    features,
    persistence,
    horizonInput: (horizon) => ({ ...pairTarget(horizon), seed: seed * 1000n + BigInt(horizon) }),
    pairInput: (config, columns = features) => ({
      matrix: binFeatures(columns, rows, developmentRows(bar, config), config.binning.bins),
      featureIds: columns.map(({ id }) => id),
      nullShare: Float64Array.from(columns, ({ values }) => values.filter(Number.isNaN).length / rows),
      contentHash: columns.map(({ id }) => `hash of ${id}`),
      time,
      bar,
      targetWindow: window,
      persistence,
      targets,
    }),
  };
}

/** Two independent AR(1) states; neither says anything of returns alone. */
function interactingStates(bars: number, seed: bigint): [Float64Array, Float64Array] {
  const random = seededRandom(subseed(seed, 1));
  const state = () => {
    let level = 0;
    return new Float64Array(bars).map(
      () => (level = STATE_PERSISTENCE * level + Math.sqrt(1 - STATE_PERSISTENCE ** 2) * random.normal()),
    );
  };
  return [state(), state()];
}

function sampleBars(rows: number, spacing: number, from: number, next: () => number): Int32Array {
  const bar = new Int32Array(rows);
  for (let row = 0; row < rows; row++) bar[row] = from + row * spacing + Math.floor(next() * spacing);
  return bar;
}

function meanOf(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let t = from; t < to; t++) sum += values[t]!;
  return sum / (to - from);
}

function binFeatures(features: SimulatedPair['features'], rows: number, fitRows: number, bins: number) {
  const builder = new BinnedMatrixBuilder(rows, features.length, { bins, fitRows });
  features.forEach(({ values }, position) => {
    builder.addColumn(position, values);
  });
  return builder.finish();
}
