// One size of memory.mjs, in a process of its own: the peak is the process's.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { PairLearner } from '@onescan/learn/learner/pair-learner.js';
import { estimateLearningBytes } from '@onescan/learn/testing/sizing/learning-bytes.js';
import { pairData } from './pair-data.mjs';

const [rows, columns, threads] = process.argv.slice(2, 5).map(Number);
const preset = process.argv[5];
// As many features retained as may be, so that modeling takes all the estimate allows; two trees take what all take.
const fewTrees = ['leaf', 'level', 'symmetric', 'value'].map((name) => [`models.${name}.rounds`, '2']);
const allRetained = { 'select.maxFalse': '60', 'select.threshold': '0.6', 'select.maxFeatures': '12' };
const overrides = { ...allRetained, 'verdict.replicates': '50', ...Object.fromEntries(fewTrees) };
const config = resolveLearnConfig(preset, overrides);
const { input, horizonInput } = pairData(rows, columns, config);
globalThis.gc();
const before = process.memoryUsage.rss();
// Linux: the peak counts from here.
writeFileSync('/proc/self/clear_refs', '5');
const learner = new PairLearner(input, config, threads);
const { summary } = learner.learnHorizon({ ...horizonInput(15), seed: 7n });
const peak = 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1'))[1]);
learner.release();
const { selection, modelling, heaps } = estimateLearningBytes({ rows, columns, config, threads });
const estimated = before + selection + modelling + heaps;
const megabytes = (bytes) => Math.round(bytes / 1e6);
console.log(
  JSON.stringify({
    size: `${rows} x ${columns}`,
    retained: summary.featuresRetained,
    before: megabytes(before),
    selection: megabytes(selection),
    modeling: megabytes(modelling),
    heaps: megabytes(heaps),
    estimated: megabytes(estimated),
    measured: megabytes(peak),
    'measured / estimated': peak / estimated,
  }),
);
