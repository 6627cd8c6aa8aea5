// Peak memory of learning a horizon beside what learning-bytes.ts estimates for it, each size in a process of its own.
// node bench/learn/memory.mjs [--full | --quick] [--threads N] [--preset NAME] [--json]
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { benchFlags } from './bench-flags.mjs';
import { printTable } from './print-table.mjs';

const flags = benchFlags({ threads: { usual: 1 } }, { preset: 'standard' });
const SIZES = {
  quick: [[20000, 1000]],
  usual: [
    [20000, 1000],
    [40000, 2000],
    [80000, 3000],
  ],
  full: [
    [40000, 2000],
    [80000, 3000],
    [80000, 6477],
  ],
};
const size = flags.given.includes('--full') ? 'full' : flags.given.includes('--quick') ? 'quick' : 'usual';
const child = fileURLToPath(new URL('memory-child.mjs', import.meta.url));
const rows = SIZES[size].map(([height, width]) => {
  const task = [height, width, flags.threads, flags.preset].map(String);
  const { stdout, status } = spawnSync(process.execPath, ['--expose-gc', child, ...task], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) process.exit(1);
  return JSON.parse(stdout);
});
printTable(
  `Memory of learning one horizon, preset ${flags.preset}, ${flags.threads} thread(s), MB`,
  rows,
  flags.json,
);
