// What becomes of every variant of a leak, from the warehouse to the report, at growing samples of the same bars.
// npm run leak-chain --workspace e2e -- [--rows N,N,...] [--spacing BARS] [--features N] [--seed N] [--only PATTERN]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LEAK_VARIANTS } from '@onescan/learn/testing/leak-variants.js';
import { Stack } from '../stack.js';
import { buildLeakWarehouse } from './build-leak-warehouse.js';
import { leakChain } from './leak-chain.js';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '40000' },
    spacing: { type: 'string', default: '8' },
    features: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});

let silent = 0;
let variants = LEAK_VARIANTS.filter(({ name }) => new RegExp(values.only).test(name));
for (const rows of values.rows.split(',').map(Number)) {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-leak-chain-'));
  try {
    await buildLeakWarehouse({
      folder: join(folder, 'warehouse'),
      bars: rows * Number(values.spacing),
      honestFeatures: Number(values.features),
      seed: BigInt(values.seed),
      variants,
    });
    const stack = await Stack.start({ warehouse: join(folder, 'warehouse'), trainers: 1 });
    try {
      console.log(`${rows} rows, ${values.spacing} bars between them: ${variants.length} variants`);
      const outcomes = await leakChain(stack, variants, rows, ({ variant, outcome, why }) =>
        console.log([variant, outcome, why].join(' | ')),
      );
      silent += outcomes.filter(({ outcome }) => outcome === 'SKILL').length;
      // What is told needs no more rows.
      const untold = new Set(
        outcomes
          .filter(({ outcome }) => /^(NO_SKILL|INCONCLUSIVE|SKILL$)/.test(outcome))
          .map(({ variant }) => variant),
      );
      variants = variants.filter(({ name }) => untold.has(name));
    } finally {
      await stack.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
console.log(`silent SKILL: ${silent}`);
process.exitCode = silent > 0 ? 1 : 0;
