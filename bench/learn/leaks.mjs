// Which leaks are told: future values in noise, by dose and by when they begin, among honest features of a random walk.
// node bench/learn/leaks.mjs [--quick] [--rows N] [--spacing BARS] [--features N] [--seeds N] [--json]
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { developmentRows } from '@onescan/learn/splits/development-rows.js';
import { simulatePair } from '@onescan/learn/testing';
import { pairLeaks } from '@onescan/learn/testing/leaks/pair-leaks.js';
import { seededRandom } from '@onescan/learn/testing/numeric/seeded-random.js';
import { benchFlags } from './bench-flags.mjs';
import { cpuSeconds } from './cpu-seconds.mjs';
import { printTable } from './print-table.mjs';

const flags = benchFlags({
  rows: { usual: 40_000, quick: 6000 },
  spacing: { usual: 8 },
  features: { usual: 300, quick: 60 },
  seeds: { usual: 3, quick: 2 },
});
/** Shares of the variance of the unknown part of h45 that a leak holds, and shares of the rows before it begins. */
const DOSES = [0.01, 0.02, 0.05, 0.1, 0.24];
const ONSETS = [0, 0.2, 0.5];
const HORIZON = 45;

const config = resolveLearnConfig('standard');
const told = new Map();
let honest = 0;
let alarms = 0;
let cpu = 0;
for (let seed = 1; seed <= flags.seeds; seed++) tryPair(BigInt(seed));

const table = DOSES.map((dose) => ({
  'R2 of the unknown part': dose,
  ...Object.fromEntries(
    ONSETS.map((onset) => [
      onset === 0 ? 'from the start' : `after ${100 * onset} %`,
      `${told.get(nameOf(dose, onset)) ?? 0} of ${flags.seeds}`,
    ]),
  ),
}));
printTable(
  `leaks told: ${flags.rows} rows, ${flags.spacing} bars between them, ${flags.features} honest features`,
  table,
  flags.json,
);
printTable(
  'honest features called suspicious or refused',
  [{ features: honest, called: alarms, 'CPU s a pair': cpu / flags.seeds }],
  flags.json,
);

function nameOf(dose, onset) {
  return `leak ${dose} ${onset}`;
}

function tryPair(seed) {
  const pair = simulatePair({
    ...{ seed, rows: flags.rows, spacing: flags.spacing, noiseFeatures: flags.features },
  });
  const leaks = DOSES.flatMap((dose) => ONSETS.map((onset) => leakOf(pair, dose, onset)));
  const columns = [...pair.features, ...leaks];
  const { matrix, bar, time, targets } = pair.pairInput(config, columns);
  const before = cpuSeconds();
  const { refused, suspicious } = pairLeaks({
    ...{ matrix, bar, time, targets, targetWindow: 45, honestShare: config.leaks.honestShare },
    candidates: columns.map((_, position) => position),
    rows: developmentRows(bar, config),
  });
  cpu += cpuSeconds() - before;
  matrix.release();
  honest += pair.features.length;
  for (const column of [...refused.keys(), ...suspicious.keys()]) {
    const name = columns[column].id;
    if (column < pair.features.length) alarms++;
    else told.set(name, (told.get(name) ?? 0) + 1);
  }
}

/** The unknown part of h45 in normal noise, noise alone before it begins. */
function leakOf(pair, dose, onset) {
  const { target } = pair.horizonInput(HORIZON);
  const random = seededRandom(BigInt(Math.round(1000 * dose + 10 * onset)));
  const size = Math.sqrt(target.reduce((sum, value) => sum + value * value, 0) / target.length);
  const values = target.map((value, row) => {
    const part = row >= onset * target.length ? value / size : random.normal();
    return Math.sqrt(dose) * part + Math.sqrt(1 - dose) * random.normal();
  });
  return { id: nameOf(dose, onset), values };
}
