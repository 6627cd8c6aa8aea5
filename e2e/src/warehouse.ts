import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Bars of the simulation: enough for a verdict, few enough to build in seconds. */
const BARS = 16_000;

/** The simulated warehouse of the tests; building it again finds it up to date. */
export const WAREHOUSE = join(tmpdir(), `onescan-e2e-warehouse-${BARS}`);

/** Builds the warehouse once a machine: eurusd has a planted effect, usdjpy is a random walk. */
export function buildTestWarehouse(): void {
  const program = fileURLToPath(new URL('../../libs/warehouse/dist/build-demo.js', import.meta.url));
  const args = [
    program,
    WAREHOUSE,
    '--pairs',
    'eurusd,usdjpy',
    '--bars',
    String(BARS),
    '--universe',
    'small',
  ];
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
