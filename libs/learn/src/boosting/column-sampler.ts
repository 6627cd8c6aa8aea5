import { GROUP_COLUMNS } from '../binning/binned-bytes.js';
import type { SeededRandom } from '../numeric/seeded-random.js';
import { drawAscending, drawOrder } from './draw-order.js';

/** Columns a tree may use: the groups whose histograms it needs and the slots it searches. */
export interface ColumnSample {
  readonly groups: Uint32Array;
  /** In ascending order of matrix column. */
  readonly slots: Uint32Array;
}

/** With fewer groups than this, drawing whole groups is too coarse and saves little: draw columns. */
const LEAST_GROUPS = 16;

/** Groups of the given slots, ascending. */
function groupsOf(slots: Uint32Array): Uint32Array {
  return Uint32Array.from(new Set(Array.from(slots, (slot) => Math.floor(slot / GROUP_COLUMNS)))).sort();
}

/** `count` of the slots, their order kept. */
function drawSlots(slots: Uint32Array, count: number, random: SeededRandom): Uint32Array {
  return drawAscending(slots.length, count, random).map((i) => slots[i]!);
}

/**
 * Draws max(1, round(fraction * columns)) columns for a tree. Where there are groups enough, whole groups
 * of 8 are drawn, which saves the time of the others; columns were shuffled at binning, so a group is
 * not one family of features.
 */
export function sampleTreeColumns(slots: Uint32Array, fraction: number, random: SeededRandom): ColumnSample {
  const count = Math.max(1, Math.round(fraction * slots.length));
  if (count >= slots.length) return { groups: groupsOf(slots), slots };
  const groups = groupsOf(slots);
  if (groups.length < LEAST_GROUPS) {
    const chosen = drawSlots(slots, count, random);
    return { groups: groupsOf(chosen), slots: chosen };
  }
  const present = new Set(slots);
  const chosen = new Set<number>();
  for (const place of drawOrder(groups.length, random)) {
    // In random order too: the last group is taken in part, and no byte of it should come first.
    for (const byte of drawOrder(GROUP_COLUMNS, random)) {
      const slot = groups[place]! * GROUP_COLUMNS + byte;
      if (present.has(slot) && chosen.size < count) chosen.add(slot);
    }
    if (chosen.size === count) break;
  }
  const kept = slots.filter((slot) => chosen.has(slot));
  return { groups: groupsOf(kept), slots: kept };
}

/** Draws the columns that one node of a tree searches, at least one. */
export function sampleNodeColumns(slots: Uint32Array, fraction: number, random: SeededRandom): Uint32Array {
  const count = Math.max(1, Math.round(fraction * slots.length));
  return count >= slots.length ? slots : drawSlots(slots, count, random);
}
