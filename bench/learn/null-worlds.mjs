import { seededRandom } from '@onescan/learn/testing/numeric/seeded-random.js';

/** Worlds in which no feature foretells anything, by what makes chance results wide. */
export const WORLDS = ['plain', 't3', 'garch', 'season', 'regime', 'missing', 'own', 'mixed'];

const WINDOW = 45;
const WARM_BARS = 3000;
const WEEK_BARS = 2000;
const PERSISTENCE = [0.9, 0.98, 0.995];
const OWN_WINDOWS = [15, 45, 90, 180, 360, 720, 1440, 2880];

/**
 * A random walk in prices and features that know nothing of it. `garch`, `season` and `regime` let volatility move, and with it
 * the size of half of the features; `own` has features made of the prices themselves; `mixed` has all at once.
 *
 * @returns features, bar ordinals, and the unknown part of the target by horizon
 */
export function nullWorld({ world, seed, rows, spacing, columns }) {
  const random = seededRandom(BigInt(seed) * 7919n + 13n);
  const has = (name) => world === name || world === 'mixed';
  const prices = walk({ random, has, bars: WARM_BARS + rows * spacing + 300 });
  const bar = new Int32Array(rows);
  for (let k = 0; k < rows; k++) bar[k] = WARM_BARS + k * spacing + Math.floor(random.next() * spacing);
  const features = has('own') ? ownFeatures(prices, bar) : [];
  while (features.length < columns) {
    features.push(noiseFeature({ random, has, bar, volatility: prices.volatility, number: features.length }));
  }
  const { close } = prices;
  const change = (t, s) => (100 * (close[t] - close[s])) / close[s];
  /** What is not known at the row: the change from there on, in percent of the price at the window's start. */
  const unknown = (horizon) => {
    return Float64Array.from(bar, (t) => {
      const start = t + horizon - WINDOW;
      return change(t + horizon, start) - (horizon < WINDOW ? change(t, start) : 0);
    });
  };
  return { bar, features, unknown };
}

function walk({ random, has, bars }) {
  const close = new Float64Array(bars).fill(1.1);
  const volatility = new Float64Array(bars).fill(1);
  const garch = has('garch') || has('own');
  const season = has('season') || has('own');
  let variance = 1;
  let shock = 0;
  let loud = false;
  for (let t = 1; t < bars; t++) {
    if (garch) variance = 0.005 + 0.06 * shock * shock + 0.935 * variance;
    let size = Math.sqrt(variance);
    if (has('regime')) {
      if (random.next() < 1 / 4000) loud = !loud;
      if (loud) size *= 3;
    }
    const phase = (2 * Math.PI * t) / WEEK_BARS;
    if (season) size *= Math.exp(0.8 * Math.sin(5 * phase) + 0.3 * Math.sin(phase));
    const z = has('t3') ? studentThree(random) : random.normal();
    shock = z * Math.sqrt(variance);
    volatility[t] = size;
    close[t] = close[t - 1] * (1 + 1.2e-4 * size * z);
  }
  return { close, volatility };
}

/** Student's t with three degrees of freedom, of variance 1. */
function studentThree(random) {
  const square = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
  return random.normal() / Math.sqrt(square);
}

function noiseFeature({ random, has, bar, volatility, number }) {
  const rows = bar.length;
  const phi = PERSISTENCE[number % 3];
  const innovation = () => (has('t3') ? studentThree(random) : random.normal());
  const shiftAt = Math.floor(random.next() * rows);
  const shift = has('regime') && number % 2 ? 3 * random.normal() : 0;
  const start = has('missing') && number % 3 === 0 ? Math.floor(random.next() * rows * 0.4) : 0;
  const phase = 2 * Math.PI * random.next();
  const scaled = (has('garch') || has('season')) && number % 2 === 0;
  const seasonal = has('season') && number % 3 !== 1 ? 1.5 : 0;
  let level = 0;
  return Float32Array.from(bar, (t, k) => {
    level = phi * level + Math.sqrt(1 - phi * phi) * innovation();
    const wave = Math.sin(((2 * Math.PI * t) / WEEK_BARS) * (1 + (number % 5)) + phase);
    const value = (level + (k > shiftAt ? shift : 0) + seasonal * wave) * (scaled ? volatility[t] : 1);
    const gone = has('missing') && number % 2 === 0 && Math.sin((2 * Math.PI * t) / 400 + phase) > 0.7;
    return k < start || gone ? Number.NaN : value;
  });
}

/** Means, deviations and momentum of the prices themselves. */
function ownFeatures({ close }, bar) {
  const sums = new Float64Array(close.length + 1);
  const squares = new Float64Array(close.length + 1);
  close.forEach((price, t) => {
    sums[t + 1] = sums[t] + price;
    squares[t + 1] = squares[t] + price * price;
  });
  const at = (value) => Float32Array.from(bar, value);
  return OWN_WINDOWS.flatMap((w) => {
    const mean = (t) => (sums[t + 1] - sums[t + 1 - w]) / w;
    const deviation = (t) =>
      Math.sqrt(Math.max(1e-18, (squares[t + 1] - squares[t + 1 - w]) / w - mean(t) ** 2));
    const change = (t) => (100 * (close[t] - close[t - w])) / close[t - w];
    return [
      at(change),
      at(mean),
      at(deviation),
      at((t) => (close[t] - mean(t)) / deviation(t)),
      at((t) => change(t) / deviation(t)),
    ];
  });
}
