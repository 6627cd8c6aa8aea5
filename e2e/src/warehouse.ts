import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '@onescan/contract/canonical-json.js';
import { buildWarehouse } from '@onescan/warehouse/build-warehouse.js';

/** Bars of the simulation: enough for a verdict, few enough to build in seconds. */
const BARS = 30_000;

/** Multiple of the documented strength of the planted effect, so that a small sample suffices to see it. */
const EFFECT = 1.5;

/** One folder a checkout: another checkout may build another warehouse. */
const CHECKOUT = sha256Hex(import.meta.dirname).slice(0, 12);

/** Folder of the simulated warehouse of the tests, kept from run to run. */
export const WAREHOUSE = join(tmpdir(), `onescan-e2e-warehouse-${CHECKOUT}`);

/** Builds the warehouse unless it is up to date: eurusd has a planted effect, usdjpy is a random walk. */
export async function buildTestWarehouse(): Promise<void> {
  await buildWarehouse({
    bars: { kind: 'simulation', seed: 1n, bars: BARS, effect: EFFECT },
    out: WAREHOUSE,
    universe: 'small',
    pairs: ['eurusd', 'usdjpy'],
  });
}
