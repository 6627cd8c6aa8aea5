// Planted effects: features found of two, false ones, AUC on the untouched rows beside the best possible one, CPU seconds, and
// the same of a plain pipeline in Python (scikit-learn and LightGBM) where there is one. Each run is told on stderr as it ends.
// node bench/learn/power.mjs [--quick | --full] [--rows N] [--seeds N] [--effects A,B] [--presets A,B] [--set KEY=VALUE,...] [--json]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { PairLearner } from '@onescan/learn/learner/pair-learner.js';
import { auc } from '@onescan/learn/testing/metrics/direction-metrics.js';
import { benchFlags, settingsOf } from './bench-flags.mjs';
import { cpuSeconds } from './cpu-seconds.mjs';
import { EFFECTS, pairInput, plantedPair } from './power-data.mjs';
import { printTable } from './print-table.mjs';

const flags = benchFlags(
  {
    rows: { usual: 10_000, quick: 4000, full: 20_000 },
    columns: { usual: 100, quick: 40 },
    seeds: { usual: 6, quick: 1, full: 12 },
    first: { usual: 1 },
    spacing: { usual: 8 },
    strength: { usual: 0.05 },
    horizon: { usual: 45 },
  },
  { effects: Object.keys(EFFECTS).join(','), presets: 'standard', set: '' },
);
/** All presets are scored on the rows that Python scores. */
const FINAL_SHARE = '0.2';
const overrides = { 'protocol.finalShare': FINAL_SHARE, ...settingsOf(flags.set) };
const folder = mkdtempSync(join(tmpdir(), 'onescan-power-'));
const table = flags.effects.split(',').flatMap(measure);
rmSync(folder, { recursive: true });
printTable(
  `planted effects of strength ${flags.strength}: ${flags.rows} rows, ${flags.columns} columns, h${flags.horizon}, mean of ${flags.seeds} seeds`,
  table,
  flags.json,
);

function measure(effect) {
  const results = new Map();
  for (let seed = flags.first; seed < flags.first + flags.seeds; seed++) {
    const { rows, columns, spacing, strength } = flags;
    const pair = plantedPair({ effect, strength, seed, rows, spacing, columns });
    const add = (by, run) => {
      results.set(by, [...(results.get(by) ?? []), run]);
      // A long run that is stopped has said what it found.
      process.stderr.write(`${JSON.stringify({ effect, seed, by, ...run })}\n`);
    };
    for (const preset of flags.presets.split(',').filter(Boolean)) add(preset, learn(pair, preset, seed));
    const rival = inPython(pair);
    if (rival) add('Python', rival);
  }
  return [...results].map(([by, runs]) => ({ effect, by, ...means(runs) }));
}

function means(runs) {
  const mean = (name) => {
    const values = runs.map((run) => run[name]).filter((value) => value !== undefined);
    return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;
  };
  return Object.fromEntries(
    ['found', 'false', 'products', 'AUC', 'best AUC', 'skill', 'CPU s'].map((name) => [name, mean(name)]),
  );
}

function learn(pair, preset, seed) {
  const config = resolveLearnConfig(preset, overrides);
  const input = pairInput(pair, config);
  const learner = new PairLearner(input, config, 1);
  const target = pair.targets.find(({ horizon }) => horizon === flags.horizon);
  const before = cpuSeconds();
  const { document, fates } = learner.learnHorizon({ ...target, seed: BigInt(1000 * seed + flags.horizon) });
  const seconds = cpuSeconds() - before;
  learner.release();
  input.matrix.release();
  const start = Math.floor(flags.rows * (1 - config.protocol.finalShare));
  const up = target.target.map((value) => (value > 0 ? 1 : 0)).slice(start);
  const retained = pair.features.filter((_, column) => fates[column].status === 'RETAINED');
  const planted = retained.filter(({ id }) => id.startsWith('mkt_x')).length;
  return {
    found: planted,
    false: retained.length - planted,
    products: document.interactions?.retained.length,
    AUC: document.final.direction.auc.value,
    'best AUC': auc(pair.oracle(flags.horizon).slice(start), up)(),
    // What is planted here is more than an honest market has, and suspect for that.
    skill: document.verdict.startsWith('SKILL') ? 1 : 0,
    'CPU s': seconds,
  };
}

/** The same data through scikit-learn and LightGBM; undefined where Python has them not. */
function inPython({ bar, features, targets, persistence }) {
  const { target, knownPart } = targets.find(({ horizon }) => horizon === flags.horizon);
  const columns = features.length;
  const x = new Float32Array(bar.length * columns);
  features.forEach(({ values }, j) => {
    for (let k = 0; k < bar.length; k++) x[k * columns + j] = values[k];
  });
  const y = new Float64Array(bar.length * 4);
  for (let k = 0; k < bar.length; k++) y.set([target[k], knownPart?.[k] ?? 0, persistence[k], bar[k]], 4 * k);
  writeFileSync(join(folder, 'x'), x);
  writeFileSync(join(folder, 'y'), y);
  const facts = { names: features.map(({ id }) => id), rows: bar.length, horizon: flags.horizon, window: 45 };
  writeFileSync(join(folder, 'facts.json'), JSON.stringify(facts));
  const script = fileURLToPath(new URL('power-rival.py', import.meta.url));
  const { status, stdout } = spawnSync(flags.python, [script, folder], { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout) : undefined;
}
