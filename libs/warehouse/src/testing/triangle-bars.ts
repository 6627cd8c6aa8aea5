import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWarehouse } from '../build-warehouse.js';
import type { WarehouseManifest } from '../manifest.js';
import { type SimulatedBars, simulateBars } from '../simulation/simulate-bars.js';
import type { SimulationSource } from '../simulation/simulation-source.js';
import { writeBarFiles } from '../simulation/write-bar-files.js';
import type { UniverseName } from '../universe-shape.js';

/** Pairs of the bars: a triangle, so that every family has what it is made of. */
export const TRIANGLE = ['eurusd', 'gbpusd', 'eurgbp'];
export const SOURCE: SimulationSource = { kind: 'simulation', seed: 7n, bars: 3400 };
/** Bars of eurusd after this row are others in folder b. */
export const LAST_COMMON_ROW = 3200;

/** Bars of three pairs in a temporary folder, `bars-a` and with another end `bars-b`, to build warehouses of. */
export class TriangleBars {
  readonly folder = mkdtempSync(join(tmpdir(), 'onescan-warehouse-'));
  readonly bars: ReadonlyMap<string, SimulatedBars> = new Map(
    [...simulateBars(SOURCE)].map((simulated) => [simulated.pair, simulated]),
  );

  private constructor() {}

  static async write(): Promise<TriangleBars> {
    const triangle = new TriangleBars();
    const { folder, bars } = triangle;
    await writeBarFiles(SOURCE, join(folder, 'bars-a'), { pairs: TRIANGLE });
    const end = bars.get('eurusd')!.minute[LAST_COMMON_ROW]!;
    await writeBarFiles(SOURCE, join(folder, 'bars-b'), {
      pairs: TRIANGLE,
      format: 'csv',
      change: (changed) => changeAfter(changed, end),
    });
    return triangle;
  }

  /** Builds the warehouse of eurusd from one of the two folders into a folder of that name. */
  build(
    out: string,
    from: 'a' | 'b',
    universe: UniverseName,
    more: { threads?: number } = {},
  ): Promise<WarehouseManifest> {
    return buildWarehouse({
      bars: { kind: 'folder', path: join(this.folder, `bars-${from}`) },
      out: join(this.folder, out),
      universe,
      pairs: ['eurusd'],
      ...more,
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function changeAfter({ minute, open, high, low, close, volume }: SimulatedBars, end: number): void {
  for (const [t, time] of minute.entries()) {
    if (time <= end) continue;
    const factor = 1 + 0.02 * Math.sin(t);
    for (const column of [open, close]) column[t]! *= factor;
    high[t] = Math.max(open[t]!, close[t]!) * 1.001;
    low[t] = Math.min(open[t]!, close[t]!) * 0.999;
    volume[t]! *= 3;
  }
}
