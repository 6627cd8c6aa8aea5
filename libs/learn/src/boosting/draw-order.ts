import type { SeededRandom } from '../numeric/seeded-random.js';

/** The whole numbers below `length` in random order (Fisher & Yates); a prefix of it is a draw without replacement. */
export function drawOrder(length: number, random: SeededRandom): Uint32Array {
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  for (let i = length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}

/** `count` of the whole numbers below `length`, drawn without replacement, ascending: a prefix of `drawOrder`, sorted. */
export function drawAscending(length: number, count: number, random: SeededRandom): Uint32Array {
  const order = drawOrder(length, random);
  const isDrawn = new Uint8Array(length);
  for (let k = 0; k < count; k++) isDrawn[order[k]!] = 1;
  const drawn = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < length; i++) if (isDrawn[i] === 1) drawn[at++] = i;
  return drawn;
}
