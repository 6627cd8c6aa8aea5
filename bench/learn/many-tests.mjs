// How often 196 tests at once find something where there is nothing, and how often what is there, by Holm's rule and by resampling
// calendar time that all tests share.
// node bench/learn/many-tests.mjs [--quick] [--runs N] [--blocks N] [--replicates N] [--json]
import { holm, romanoWolf } from '@onescan/learn';
import { pValue } from '@onescan/learn/testing/metrics/block-bootstrap.js';
import { seededRandom } from '@onescan/learn/testing/numeric/seeded-random.js';
import { benchFlags } from './bench-flags.mjs';
import { printTable } from './print-table.mjs';

const flags = benchFlags({
  runs: { usual: 100, quick: 10, full: 2000 },
  blocks: { usual: 60 },
  replicates: { usual: 999, quick: 199 },
});
const PAIRS = 28;
const HORIZONS = 7;
/** Shares of a block's variance that all tests have in common, and those of a pair; the rest is each test's own. */
const DEPENDENCE = { nothing: [0, 0], 'the market and the pair': [0.2, 0.6] };
/** Gain and edge of a test correlate so much. */
const CONDITIONS = 0.9;
const LEVEL = 0.05;

const rows = [];
for (const [shared, [market, own]] of Object.entries(DEPENDENCE)) {
  for (const effect of [0, 4.5]) rows.push(countRuns(shared, { market, own, effect }));
}
printTable(
  `runs of ${PAIRS * HORIZONS} tests at the family-wise level ${100 * LEVEL} %, ${flags.blocks} blocks; an effect of 4.5 standard errors in one pair, or none`,
  rows,
  flags.json,
);

function countRuns(shared, { market, own, effect }) {
  const counts = { holm: 0, resampled: 0, falseHolm: 0, falseResampled: 0 };
  for (let run = 0; run < flags.runs; run++) {
    const hypotheses = family(BigInt(run), { market, own, effect });
    const p = hypotheses.map((means) => Math.max(...means.map(pOf)));
    const adjusted = {
      holm: holm(p),
      resampled: romanoWolf({
        blocks: flags.blocks,
        hypotheses,
        replicates: flags.replicates,
        seed: BigInt(run),
      }),
    };
    const found = (values) => values.map((value) => value <= LEVEL);
    const [byHolm, byResampling] = [found(adjusted.holm), found(adjusted.resampled)];
    if (byHolm.slice(HORIZONS).some(Boolean)) counts.falseHolm++;
    if (byResampling.slice(HORIZONS).some(Boolean)) counts.falseResampled++;
    counts.holm += byHolm.slice(0, HORIZONS).filter(Boolean).length / HORIZONS;
    counts.resampled += byResampling.slice(0, HORIZONS).filter(Boolean).length / HORIZONS;
  }
  const percent = (count) => `${((100 * count) / flags.runs).toFixed(1)} %`;
  return {
    'tests share': shared,
    effect: effect === 0 ? 'none' : 'one pair',
    'false somewhere, Holm': percent(counts.falseHolm),
    'false somewhere, resampled': percent(counts.falseResampled),
    'found of the pair, Holm': effect === 0 ? '-' : percent(counts.holm),
    'found of the pair, resampled': effect === 0 ? '-' : percent(counts.resampled),
  };
}

function pOf({ value, influence }) {
  const squares = influence.reduce((sum, one) => sum + one * one, 0);
  const standardError = Math.sqrt((squares * flags.blocks) / (flags.blocks - 1));
  return pValue({ value, low: 0, high: 0, standardError }, flags.blocks - 1);
}

/** Means of gain and edge with their influence by block; the first pair has the effect. */
function family(seed, { market, own, effect }) {
  const random = seededRandom(seed);
  const noise = () => Float64Array.from({ length: flags.blocks }, random.normal);
  const all = noise();
  return Array.from({ length: PAIRS }, (_, pair) => {
    const pairs = noise();
    return Array.from({ length: HORIZONS }, () => {
      const each = noise();
      const gain = all.map(
        (common, k) =>
          Math.sqrt(market) * common + Math.sqrt(own) * pairs[k] + Math.sqrt(1 - market - own) * each[k],
      );
      const edge = gain.map((value) => CONDITIONS * value + Math.sqrt(1 - CONDITIONS ** 2) * random.normal());
      return [gain, edge].map((block) => meanOf(block, pair === 0 ? effect / Math.sqrt(flags.blocks) : 0));
    });
  }).flat();
}

function meanOf(block, effect) {
  const value = effect + block.reduce((sum, one) => sum + one, 0) / block.length;
  return { value, influence: block.map((one) => (one + effect - value) / block.length) };
}
