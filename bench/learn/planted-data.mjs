import { seededRandom } from '@onescan/learn/testing/numeric/seeded-random.js';

/** Planted causes: numbers 0 to 39. The first eight also come in four products, (0, 1), (2, 3), (4, 5), (6, 7). */
export const PLANTED = 40;
export const PRODUCTS = [
  [0, 1],
  [2, 3],
  [4, 5],
  [6, 7],
];
const FACTORS = 20;
/** Variance of a product's effect, in those of a single feature's. */
const PRODUCT_VARIANCE = 3;

const straight = (x) => x;

/** Shapes of the effects of planted columns, by mix. */
const MIXES = {
  /** 20 straight ones, then steps, squares and absolute values. */
  usual: [
    ...Array(20).fill(straight),
    ...Array(8).fill((x) => (x > 0.7 ? 1.75 : -0.56)),
    ...Array(6).fill((x) => (x * x - 1) / Math.SQRT2),
    ...Array(6).fill((x) => (Math.abs(x) - 0.798) / 0.603),
  ],
  /** Shapes that no tuning has seen: 8 straight ones, then hinges, steps in the tail, waves, bumps and both tails. */
  other: [
    ...Array(8).fill(straight),
    ...Array(8).fill(standardised((x) => Math.max(0, x))),
    ...Array(6).fill(standardised((x) => (x < -1 ? 1 : 0))),
    ...Array(6).fill(standardised((x) => Math.sin(2.5 * x))),
    ...Array(6).fill(standardised((x) => Math.exp(-2 * (x - 0.5) ** 2))),
    ...Array(6).fill(standardised((x) => (Math.abs(x) > 1.5 ? 1 : 0))),
  ],
};

/** A shape with mean 0 and variance 1 over a standard normal variable. */
function standardised(shape) {
  let [weight, sum, square] = [0, 0, 0];
  for (let x = -8; x <= 8; x += 1 / 512) {
    const density = Math.exp((-x * x) / 2);
    weight += density;
    sum += density * shape(x);
    square += density * shape(x) ** 2;
  }
  const mean = sum / weight;
  const deviation = Math.sqrt(square / weight - mean * mean);
  return (x) => (shape(x) - mean) / deviation;
}

/**
 * Correlated features, of which 40 have an effect on the target.
 *
 * @param share of the target's variance that the planted effects and products explain
 * @param mix of the shapes of the effects
 * @param persistence of features and noise from row to row; the target of overlapping bars has both
 * @returns features in random order, the number each had when the target was made (planted ones below 40), and
 *   the target; the same for the same seed on every machine
 */
export function plantedData({ rows, columns, share, persistence, mix = 'usual', seed }) {
  const shapes = MIXES[mix];
  const random = seededRandom(BigInt(seed));
  const innovation = Math.sqrt(1 - persistence ** 2);
  const series = () => {
    let level = random.normal();
    return Float32Array.from({ length: rows }, () => {
      level = persistence * level + innovation * random.normal();
      return level;
    });
  };
  const factors = Array.from({ length: FACTORS }, series);
  const features = Array.from({ length: columns }, (_, c) => {
    const [a, b] = [factors[c % FACTORS], factors[(7 * c + 3) % FACTORS]];
    const own = series();
    return own.map((value, row) => 0.5 * a[row] + 0.3 * b[row] + 0.8124 * value);
  });
  const noise = series();
  const weight = Math.sqrt(share / (PLANTED + PRODUCT_VARIANCE * PRODUCTS.length));
  const strong = weight * Math.sqrt(PRODUCT_VARIANCE);
  const target = Float64Array.from(noise, (value, row) => {
    let y = Math.sqrt(1 - share) * value;
    for (let c = 0; c < PLANTED; c++) y += weight * (c % 2 ? -1 : 1) * shapes[c](features[c][row]);
    for (const [a, b] of PRODUCTS) y += strong * Math.sign(features[a][row] * features[b][row]);
    return y;
  });
  // Some values are missing, from planted columns as from others.
  for (const column of features) {
    for (let row = 0; row < rows; row++) if (random.next() < 0.02) column[row] = Number.NaN;
  }
  // In random places: a method that cannot tell features apart must not find the planted ones by their order.
  const cause = shuffled(columns, random);
  return { features: Array.from(cause, (c) => features[c]), cause, target };
}

function shuffled(count, random) {
  const order = Uint32Array.from({ length: count }, (_, c) => c);
  for (let left = count - 1; left > 0; left--) {
    const other = random.below(left + 1);
    [order[left], order[other]] = [order[other], order[left]];
  }
  return order;
}
