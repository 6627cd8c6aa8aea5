import type { SampleRows } from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { bringsOwnPast, overlapHorizons, samplePartWidth } from '../sql/fetch-query.js';
import type { WarehouseView } from '../warehouse/warehouse.js';
import type { PlannedPair } from './plan-pair.js';
import { requireIdentity } from './require-identity.js';

/**
 * Which rows the sample of a pair will hold and what they lack, by the statement that will be run, without its features.
 * A row's bar and the ends of its runs take a few bytes each, so that a sample of two million rows takes a few MB.
 *
 * @param horizons of the spec
 * @returns undefined where the warehouse does not tell for free
 * @throws OnescanError FAILED_PRECONDITION when closes are not those of the targets
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
  const past = {
    time: new Float64Array(rows),
    persistence: new Float64Array(rows),
    own: new Float64Array(rows),
  };
  const ownAt = samplePartWidth(query) - 1;
  let count = 0;
  for await (const batch of view.readFree({ sql: view.dialect.pack(query), reads: [] })) {
    const index = batch.integers('row_index');
    const { offsets, values } = batch.numberLists('numbers');
    const key = batch.integers('key');
    for (let i = 0; i < batch.rows; i++) {
      const row = index[i]!;
      const at = offsets[i]!;
      bars[row] = values[at]!;
      const isThere = (place: number) => Number.isFinite(values[at + place]);
      const hasPast = isThere(1);
      past.time[row] = key[i]! / MICROS_PER_MILLI;
      past.persistence[row] = values[at + 1]!;
      past.own[row] = values[at + ownAt]!;
      for (const { has, target, known } of places) {
        has[row] = hasPast && isThere(target) && (known < 0 || isThere(known)) ? 1 : 0;
      }
      count++;
    }
  }
  if (bringsOwnPast(query)) {
    const found = Object.entries(past).map(([name, of]) => [name, of.subarray(0, count)]);
    requireIdentity(query, { bar: bars.subarray(0, count), ...(Object.fromEntries(found) as typeof past) });
  }
  return {
    barSteps: steps(bars.subarray(0, count)),
    usable: [...usable].map(([horizon, rows]) => ({ horizon, runs: runs(rows.subarray(0, count)) })),
  };
}

const MICROS_PER_MILLI = 1000;

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
