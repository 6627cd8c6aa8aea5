import { join } from 'node:path';
import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatDuration } from '@onescan/contract/format/duration.js';
import { DEMO_BARS } from '@onescan/warehouse/simulation/simulation-source.js';
import type { Terminal } from '../terminal/terminal.js';
import { buildProgress } from '../view/build-progress.js';

/** Seed of the demo's simulated market. */
const SEED = 1n;

/**
 * Builds the demo's simulated warehouse below `home`, or keeps the one that is there when it was made from
 * the same inputs.
 *
 * @returns the folder of the warehouse
 */
export async function demoWarehouse(
  home: string,
  pairs: readonly string[],
  terminal: Terminal,
): Promise<string> {
  // Loaded when asked for, as DuckDB is with it: other verbs start without.
  const { buildWarehouse } = await import('@onescan/warehouse/build-warehouse.js');
  const out = join(home, 'warehouse');
  const start = terminal.now();
  const progress = buildProgress(terminal);
  let reused = false;
  const manifest = await buildWarehouse({
    bars: { kind: 'simulation', seed: SEED, bars: DEMO_BARS },
    out,
    universe: 'small',
    pairs,
    onProgress: (step) => {
      reused ||= step.stage === 'up to date';
      if (!reused) progress.show(step);
    },
    signal: terminal.interrupt,
  }).finally(progress.close);
  const size = formatBytes(manifest.databaseBytes);
  const seconds = formatDuration((terminal.now() - start) / 1000);
  terminal.note(
    reused
      ? `Simulated warehouse: reused, ${size} in ${out}`
      : `Simulated warehouse: built in ${seconds}, ${size} in ${out}`,
  );
  return out;
}
