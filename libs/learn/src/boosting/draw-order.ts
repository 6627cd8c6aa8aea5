import type { SeededRandom } from '../seeded-random.js';

/** The whole numbers below `length` in random order (Fisher & Yates); a prefix of it is a draw without replacement. */
export function drawOrder(length: number, random: SeededRandom): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}
