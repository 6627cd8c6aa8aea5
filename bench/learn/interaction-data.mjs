import { seededRandom } from '@onescan/learn/testing/numeric/seeded-random.js';

const FACTORS = 20;
/** Rows before the first one, so that volatility and overlapping sums have a past. */
const PAST = 64;

/** Shapes of products of two standard normal features; each is brought to variance 1. */
const SHAPES = [
  { name: 'sign x sign', product: (a, b) => Math.sign(a * b) },
  { name: 'a x b', product: (a, b) => a * b },
  { name: 'a where b > 0', product: (a, b) => (b > 0 ? Math.SQRT2 * a : 0) },
  { name: 'a x |b|', product: (a, b) => a * Math.abs(b) },
];
export const SHAPE_NAMES = SHAPES.map(({ name }) => name);

/**
 * Correlated features and a target with planted products: one of each shape, of the columns (0, 1), (2, 3) ...
 *
 * @param product share of the target's variance that each product explains
 * @param persistence of features from row to row, @param overlap rows over which the target's noise is a running sum
 * @param volatile whether noise has heavy tails and volatility that comes and goes
 * @param curved share of the variance of a curved effect of a single feature with nine siblings (correlation 0.8)
 * @returns `features`, `target`, and `shapeOf(a, b)`: number of the planted product of two columns, or undefined
 */
export function interactionData({ rows, columns, seed, product, persistence, overlap, volatile, curved }) {
  const random = seededRandom(BigInt(seed) + 7000n);
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
    return series().map((value, row) => 0.5 * a[row] + 0.3 * b[row] + 0.8124 * value);
  });
  const parent = 2 * SHAPES.length;
  for (let sibling = parent + 1; sibling < parent + 10; sibling++) {
    features[sibling] = features[sibling].map((value, row) => 0.8 * features[parent][row] + 0.6 * value);
  }
  const noise = overlappingNoise({ rows, overlap, volatile, random });
  const left = Math.sqrt(1 - product * SHAPES.length - curved);
  const target = noise.map((error, row) => {
    let y = left * error;
    SHAPES.forEach((shape, k) => {
      y += Math.sqrt(product) * shape.product(features[2 * k][row], features[2 * k + 1][row]);
    });
    return y + (Math.sqrt(curved) * (features[parent][row] ** 2 - 1)) / Math.SQRT2;
  });
  const shapeOf = (a, b) => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    return low % 2 === 0 && high === low + 1 && low / 2 < SHAPES.length ? low / 2 : undefined;
  };
  return { features, target, shapeOf };
}

/** A running sum of shocks, of variance about 1. */
function overlappingNoise({ rows, overlap, volatile, random }) {
  let volatility = 0;
  const shocks = Float64Array.from({ length: rows + PAST }, () => {
    volatility = 0.98 * volatility + 0.1 * random.normal();
    const tail = volatile && random.next() < 0.05 ? 3 : 1;
    return random.normal() * (volatile ? tail * Math.exp(volatility - 0.25) * 0.85 : 1);
  });
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let back = 0; back < overlap; back++) sum += shocks[row + PAST - back];
    return sum / Math.sqrt(overlap);
  });
}
