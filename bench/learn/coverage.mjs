// How often intervals miss the truth and p-values lie below a level, in worlds where the truth is known.
// node bench/learn/coverage.mjs [--quick] [--samples N] [--replicates N] [--json]
import {
  blockBootstrap,
  bootstrapBlock,
  degreesOfFreedom,
  pValue,
} from '@onescan/learn/testing/metrics/block-bootstrap.js';
import { auc, logLossByRow } from '@onescan/learn/testing/metrics/direction-metrics.js';
import { weightedMean } from '@onescan/learn/testing/metrics/weighted-statistic.js';
import { skillStatistics } from '@onescan/learn/testing/scoring/skill-statistics.js';
import { benchFlags } from './bench-flags.mjs';
import { printTable } from './print-table.mjs';
import { HORIZONS, KINDS, KNOWN_VOLATILITY, SAMPLES, skillWorld, WINDOW } from './skill-worlds.mjs';

const flags = benchFlags({
  samples: { usual: 200, quick: 4, full: 2000 },
  replicates: { usual: 200, quick: 60, full: 500 },
});
const LEVEL = 0.01;
const STATISTICS = ['gain', 'edge', 'accuracy', 'auc', 'logLoss'];
/** Rows of the long sample that the truth is taken from, ten times. */
const LONG = { rows: flags.samples > 10 ? 60_000 : 6000, spacing: 8 };

const designs = SAMPLES.flatMap(([rows, spacing]) =>
  HORIZONS.flatMap((horizon) => Object.keys(KINDS).map((kind) => ({ rows, spacing, horizon, kind }))),
);
const volatile = KNOWN_VOLATILITY.map(([rows, spacing, horizon]) => ({
  rows,
  spacing,
  horizon,
  kind: 'known volatility',
}));
const truths = new Map();
const counted = [...designs, ...volatile].map(countMisses);

printTable(
  `intervals that miss the truth, % of ${flags.samples} samples a design, ${100 * LEVEL} % a side is said (below + above)`,
  [
    ...SAMPLES.map(([rows, spacing]) => ({
      design: `${rows} rows, ${spacing} bars apart`,
      ...missesOf(
        counted.filter(
          ({ design }) => designs.includes(design) && design.rows === rows && design.spacing === spacing,
        ),
      ),
    })),
    { design: `all ${designs.length}`, ...missesOf(counted.slice(0, designs.length)) },
  ],
  flags.json,
);
printTable(
  'standard error / deviation of the estimates, and (degrees of freedom that its own spread is worth), designs pooled',
  SAMPLES.map(([rows, spacing]) => {
    const of = counted.filter(
      ({ design }) => designs.includes(design) && design.rows === rows && design.spacing === spacing,
    );
    return { design: `${rows} rows, ${spacing} bars apart`, ...errorsOf(of) };
  }),
  flags.json,
);
printTable(
  'both conditions at once without skill: % of samples',
  [
    ...Object.keys(KINDS)
      .filter((kind) => KINDS[kind].drift === 0)
      .map((kind) =>
        skillRow(
          kind,
          counted.filter(({ design }) => design.kind === kind),
        ),
      ),
    ...volatile.map((design) =>
      skillRow(
        `known volatility h${design.horizon}, ${design.rows} x ${design.spacing}`,
        counted.filter((one) => one.design === design),
      ),
    ),
    skillRow('known volatility, all', counted.slice(designs.length)),
  ],
  flags.json,
);

function statisticsOf(world) {
  const { logLossGain, unknownEdge, accuracyGain } = skillStatistics(world);
  return {
    gain: logLossGain,
    edge: unknownEdge,
    accuracy: accuracyGain,
    auc: auc(world.probability, world.label),
    logLoss: weightedMean(logLossByRow(world.probability, world.label)),
  };
}

/** Means of the statistics over long samples, which do not depend on how far rows lie apart. */
function truthOf({ horizon, kind }) {
  const key = `${horizon} ${kind}`;
  if (truths.has(key)) return truths.get(key);
  const truth = Object.fromEntries(STATISTICS.map((name) => [name, 0]));
  for (let part = 0; part < 10; part++) {
    const found = statisticsOf(skillWorld(BigInt(900_000 + part), { ...LONG, horizon, kind }));
    for (const name of STATISTICS) truth[name] += found[name]() / 10;
  }
  if (kind !== 'signal') truth.edge = 0;
  truths.set(key, truth);
  return truth;
}

function countMisses(design, place) {
  const { rows, horizon } = design;
  const truth = truthOf(design);
  const misses = Object.fromEntries(STATISTICS.map((name) => [name, [0, 0]]));
  const estimated = Object.fromEntries(STATISTICS.map((name) => [name, []]));
  const found = { design, misses, estimated, gain: 0, edge: 0, both: 0, family: 0 };
  for (let sample = 0; sample < flags.samples; sample++) {
    const seed = BigInt(1_000_000 * (place + 1) + sample);
    const world = skillWorld(seed, design);
    const block = bootstrapBlock(
      Uint32Array.from({ length: rows }, (_, k) => k),
      world.bar,
      { horizon, targetWindow: WINDOW },
    );
    const input = { rows, block, replicates: flags.replicates, level: LEVEL, seed };
    const estimates = blockBootstrap(input, statisticsOf(world));
    for (const name of STATISTICS) {
      estimated[name].push(estimates[name]);
      if (estimates[name].low > truth[name]) misses[name][0]++;
      if (estimates[name].high < truth[name]) misses[name][1]++;
    }
    const degrees = degreesOfFreedom(input);
    const p = Math.max(pValue(estimates.gain, degrees), pValue(estimates.edge, degrees));
    if (estimates.gain.low > 0) found.gain++;
    if (estimates.edge.low > 0) found.edge++;
    if (p < LEVEL) found.both++;
    if (p < 0.05 / 196) found.family++;
  }
  return found;
}

function missesOf(counts) {
  const all = counts.length * flags.samples;
  const sum = (name, side) => counts.reduce((total, { misses }) => total + misses[name][side], 0);
  return Object.fromEntries(
    STATISTICS.map((name) => [
      name,
      `${((100 * sum(name, 0)) / all).toFixed(2)} + ${((100 * sum(name, 1)) / all).toFixed(2)}`,
    ]),
  );
}

/** Median over designs of root mean squared standard error / deviation of values, and of 2 mean^2 / variance of squared errors. */
function errorsOf(counts) {
  const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
  return Object.fromEntries(
    STATISTICS.map((name) => {
      const each = counts.map(({ estimated }) => {
        const squares = momentsOf(estimated[name].map(({ standardError }) => standardError ** 2));
        const { variance } = momentsOf(estimated[name].map(({ value }) => value));
        return [Math.sqrt(squares.mean / variance), (2 * squares.mean ** 2) / squares.variance];
      });
      const [ratio, degrees] = [0, 1].map((k) => median(each.map((one) => one[k])));
      return [name, `${ratio.toFixed(3)} (${degrees.toFixed(0)})`];
    }),
  );
}

function momentsOf(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, variance };
}

function skillRow(kind, counts) {
  const all = counts.length * flags.samples;
  const share = (of) => ((100 * counts.reduce((total, one) => total + one[of], 0)) / all).toFixed(2);
  return {
    ...{ world: kind, samples: all, 'gain above zero': share('gain'), 'edge above zero': share('edge') },
    ...{ 'SKILL (p < 1 %)': share('both'), 'p < 0.05 / 196': share('family') },
  };
}
