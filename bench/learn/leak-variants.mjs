// What becomes of every variant of a leak among honest features of a random walk: refused, suspicious, or, where its test
// says nothing, what the verdict does.
// node bench/learn/leak-variants.mjs [--quick] [--rows N] [--spacing BARS] [--features N] [--seeds N] [--preset NAME]
//   [--only PATTERN] [--json]
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { PairLearner } from '@onescan/learn/learner/pair-learner.js';
import { developmentRows } from '@onescan/learn/splits/development-rows.js';
import { simulatePair } from '@onescan/learn/testing';
import { LEAK_VARIANTS } from '@onescan/learn/testing/leak-variants.js';
import { LeakWorld, leakColumns } from '@onescan/learn/testing/leak-world.js';
import { pairLeaks } from '@onescan/learn/testing/leaks/pair-leaks.js';
import { benchFlags } from './bench-flags.mjs';
import { printTable } from './print-table.mjs';

const flags = benchFlags(
  {
    rows: { usual: 40_000, quick: 6000 },
    spacing: { usual: 8 },
    features: { usual: 60, quick: 20 },
    seeds: { usual: 1 },
  },
  { only: '', preset: 'quick' },
);
const HORIZON = 45;
const config = resolveLearnConfig(flags.preset);
const tried = LEAK_VARIANTS.filter(({ name }) => new RegExp(flags.only).test(name));

const table = [];
for (let seed = 1; seed <= flags.seeds; seed++) tryAll(BigInt(100 + seed));
printTable(
  `leaks by variant: ${flags.rows} rows, ${flags.spacing} bars between them, ${flags.features} honest features`,
  table,
  flags.json,
);
const silent = table.filter(({ verdict }) => verdict === 'SKILL');
printTable('summary', [{ variants: table.length, 'silent SKILL': silent.length }], flags.json);

function tryAll(seed) {
  const pair = simulatePair({
    ...{ seed, rows: flags.rows, spacing: flags.spacing, noiseFeatures: flags.features },
  });
  const world = new LeakWorld(pair, seed);
  const variants = tried.map((variant) => ({ variant, columns: leakColumns(variant, world) }));
  const all = [...pair.features, ...variants.flatMap(({ columns }) => columns)];
  const { matrix, bar, time, targets } = pair.pairInput(config, all);
  const { refused, suspicious } = pairLeaks({
    ...{ matrix, bar, time, targets, targetWindow: 45, honestShare: config.leaks.honestShare },
    candidates: all.map((_, position) => position),
    rows: developmentRows(bar, config),
  });
  matrix.release();
  let position = pair.features.length;
  for (const { variant, columns } of variants) {
    const positions = columns.map(() => position++);
    const told = positions.map((column) => refused.get(column) ?? suspicious.get(column));
    const isRefused = positions.every((column) => refused.has(column));
    const first = told.find(Boolean);
    table.push({
      variant: variant.name,
      test: isRefused ? 'refused' : first ? 'suspicious' : '-',
      'share, %': first ? Number((100 * first.facts.share).toFixed(1)) : '',
      'limit, %': first ? Number((100 * first.facts.limit).toFixed(1)) : '',
      ...(first ? { verdict: '-' } : learned(pair, columns, variant.horizon ?? HORIZON)),
    });
  }
}

/** The verdict of a horizon with the columns of one variant among honest ones. */
function learned(pair, columns, horizon) {
  const learner = new PairLearner(pair.pairInput(config, [...pair.features, ...columns]), config);
  try {
    const { document } = learner.learnHorizon(pair.horizonInput(horizon));
    const { unknownEdge, honestEdge } = document.skill;
    const edge = unknownEdge.value === null ? '' : Number(unknownEdge.value.toFixed(3));
    return {
      verdict: document.verdict,
      why: document.verdictReason.code,
      edge,
      honest: Number(honestEdge.toFixed(3)),
    };
  } finally {
    learner.release();
  }
}
