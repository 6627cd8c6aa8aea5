import { DEFAULT_HORIZONS, targetColumn } from '@onescan/contract/horizon.js';
import { TARGET_SCHEMA } from '../schema.js';
import { WINDOWS } from '../windows.js';
import { expectColumn } from './expect-column.js';
import * as naive from './naive-formulas.js';
import type { OpenWarehouse } from './open-warehouse.js';

/** The bqx columns of eurusd, and its targets of every window and horizon, follow from its closes. */
export async function expectTargetFormulas(warehouse: OpenWarehouse, close: Float64Array): Promise<void> {
  const columns = await warehouse.columns(
    'base_bqx_eurusd',
    WINDOWS.map((w) => `bqx_${w}`),
  );
  for (const [i, w] of WINDOWS.entries()) expectColumn(columns[i]!, (t) => naive.bqx(close, t, w), 1e-12);
  for (const w of WINDOWS) {
    const names = DEFAULT_HORIZONS.map((h) => targetColumn(w, h));
    const targets = await warehouse.columns('targets_eurusd', names, TARGET_SCHEMA);
    for (const [i, h] of DEFAULT_HORIZONS.entries()) {
      expectColumn(targets[i]!, (t) => naive.bqx(close, t + h, w), 1e-12);
    }
  }
}

/** Prices are indexed to 100 at the first bar, and bqx of the index is bqx of the closes. */
export async function expectIndexedPrices(warehouse: OpenWarehouse, close: Float64Array): Promise<void> {
  const [idx] = await warehouse.columns('base_idx_eurusd', ['close_idx']);
  expectColumn(idx!, (t) => (100 * close[t]!) / close[0]!, 1e-12);
  expectColumn(
    idx!.map((_, t) => naive.bqx(idx!, t, 30)),
    (t) => naive.bqx(close, t, 30),
    1e-9,
  );
}
