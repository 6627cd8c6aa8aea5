import { parseArgs } from 'node:util';
import { parsePairs } from '@onescan/contract/pair.js';
import { buildWarehouse } from './build-warehouse.js';
import { DEMO_BARS } from './simulation/simulation-source.js';
import type { UniverseName } from './universe-shape.js';

/**
 * Builds the simulated warehouse for developers: `node dist/build-demo.js OUT [--pairs eurusd,usdjpy]
 * [--bars N] [--folder DIR] [--universe small] [--seed 1]`. Users have `onescan warehouse build`.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string', default: 'eurusd,usdjpy' },
    bars: { type: 'string', default: String(DEMO_BARS) },
    folder: { type: 'string' },
    universe: { type: 'string', default: 'small' },
    seed: { type: 'string', default: '1' },
  },
});
const [out] = positionals;
if (out === undefined || positionals.length !== 1) {
  process.stderr.write(
    'usage: node dist/build-demo.js OUT [--pairs eurusd,usdjpy] [--universe small] [--folder DIR]\n',
  );
  process.exit(2);
}
const manifest = await buildWarehouse({
  bars:
    values.folder === undefined
      ? { kind: 'simulation', seed: BigInt(values.seed), bars: Number(values.bars) }
      : { kind: 'folder', path: values.folder },
  out,
  universe: values.universe as UniverseName,
  pairs: parsePairs(values.pairs),
  onProgress: ({ stage, done, total }) => {
    if (done % 100 === 0 || done === total) process.stderr.write(`${stage} ${done}/${total}\n`);
  },
});
process.stdout.write(`${JSON.stringify(manifest, null, 2)}\n`);
