// Runs every benchmark after another; each prints a table. Flags are passed on to all of them.
// npm run bench --workspace bench -- [--quick] [--json] [--python PATH]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { benchFlags } from './learn/bench-flags.mjs';

const BENCHES = [
  'learn/tree',
  'learn/bagging',
  'learn/shap',
  'learn/selection',
  'learn/selection-bounds',
  'learn/interactions',
  'learn/power',
  'learn/pair',
  'learn/leaks',
  'learn/leak-variants',
  'learn/coverage',
  'learn/many-tests',
  'fetch/fetch',
  'history/history',
  'scale/workers',
];

const { given } = benchFlags({});
let failed = 0;
for (const name of BENCHES) {
  const script = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
  const { status } = spawnSync(process.execPath, [script, ...given], { stdio: 'inherit' });
  if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
