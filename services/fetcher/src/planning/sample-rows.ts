import type { SampleRows } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { overlapHorizons } from '../sql/fetch-query.js';
import type { WarehouseView } from '../warehouse/warehouse.js';
import type { PlannedPair } from './plan-pair.js';

/**
 * Which rows the sample of a pair will hold and what they lack, by the statement that will be run, without its features.
 * A row's bar and the ends of its runs take a few bytes each, so that a sample of two million rows takes a few MB.
 *
 * @param horizons of the spec
 * @returns undefined where the warehouse does not tell for free
 */
export async function readSampleRows(
  view: WarehouseView,
  { statements, rows }: Pick<PlannedPair, 'statements' | 'rows'>,
  horizons: readonly number[],
): Promise<SampleRows | undefined> {
  const query = { ...statements[0]!.query, tables: [] };
  if (!view.readFree || !query.targets) return undefined;
  const bars = new Float64Array(rows);
  const usable = new Map(horizons.map((horizon) => [horizon, new Uint8Array(rows)]));
  const overlaps = overlapHorizons(query);
  const places = horizons.map((horizon) => ({
    has: usable.get(horizon)!,
    target: 2 + query.targets!.columns.findIndex((column) => column.horizon === horizon),
    known: overlaps.includes(horizon) ? 2 + query.targets!.columns.length + overlaps.indexOf(horizon) : -1,
  }));
  let count = 0;
  for await (const batch of view.readFree({ sql: view.dialect.pack(query), reads: [] })) {
    const index = batch.integers('row_index');
    const { offsets, values } = batch.numberLists('numbers');
    for (let i = 0; i < batch.rows; i++) {
      const row = index[i]!;
      const at = offsets[i]!;
      bars[row] = values[at]!;
      const isThere = (place: number) => Number.isFinite(values[at + place]);
      const hasPast = isThere(1);
      for (const { has, target, known } of places) {
        has[row] = hasPast && isThere(target) && (known < 0 || isThere(known)) ? 1 : 0;
      }
      count++;
    }
  }
  return {
    barSteps: steps(bars.subarray(0, count)),
    usable: [...usable].map(([horizon, rows]) => ({ horizon, runs: runs(rows.subarray(0, count)) })),
  };
}

function steps(bars: Float64Array): number[] {
  return Array.from(bars, (bar, row) => (row === 0 ? bar : bar - bars[row - 1]!));
}

/** Lengths of runs of ones and of zeros in turn, ones first. */
function runs(flags: Uint8Array): number[] {
  const lengths = [0];
  let current = 1;
  for (const flag of flags) {
    if (flag !== current) {
      lengths.push(0);
      current = flag;
    }
    lengths[lengths.length - 1]!++;
  }
  return lengths;
}
