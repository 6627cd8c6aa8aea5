import { seededRandom } from '../numeric/seeded-random.js';

/** Any constant will do: what matters is that neighbours (one family of features) are torn apart. */
const ORDER_SEED = 0x6f6e657363616en;

/**
 * The storage slot of every column: a fixed pseudo-random permutation that depends on the number of
 * columns only. Slots 8g .. 8g+7 share a group, and column sampling leaves out whole groups, so a group
 * must not be one family of features.
 */
export function columnSlots(columns: number): Int32Array {
  const slots = Int32Array.from({ length: columns }, (_, i) => i);
  const random = seededRandom(ORDER_SEED + BigInt(columns));
  for (let i = columns - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = slots[i]!;
    slots[i] = slots[j]!;
    slots[j] = held;
  }
  return slots;
}
