/**
 * Seeded generator: xoshiro128** (Blackman & Vigna 2021, doi 10.1145/3460772), its state filled by
 * splitmix32. Needs only 32-bit integer arithmetic, so a seed gives the same stream on every engine.
 */
export class Random {
  readonly #state = new Uint32Array(4);
  #spareNormal: number | undefined;

  /**
   * @param seed any non-negative integer below 2^64
   * @param stream separates independent uses of one seed (e.g. 1 = subsamples, 2 = shadows)
   */
  constructor(seed: bigint, stream = 0) {
    const low = Number(seed & 0xffffffffn);
    const high = Number((seed >> 32n) & 0xffffffffn);
    let word = low;
    for (let index = 0; index < 4; index++) {
      word = (word + 0x9e3779b9 + (index === 1 ? high : 0) + (index === 2 ? stream : 0)) >>> 0;
      this.#state[index] = mix32(word);
    }
    // An all-zero state would stay zero for ever.
    if (this.#state.every((value) => value === 0)) this.#state[0] = 1;
    for (let index = 0; index < 16; index++) this.uint32();
  }

  /** A uniform integer in [0, 2^32). */
  uint32(): number {
    const state = this.#state;
    const [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    const c2 = c ^ a;
    const d2 = d ^ b;
    state[1] = b ^ c2;
    state[0] = a ^ d2;
    state[2] = c2 ^ shifted;
    state[3] = rotateLeft(d2, 11);
    return result;
  }

  /** A uniform number in [0, 1) with 53 bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** A uniform integer in [0, limit), without modulo bias; `limit` in 1..2^32. */
  below(limit: number): number {
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= 4294967296)) {
      throw new RangeError(`limit must be an integer in 1..2^32, got ${limit}`);
    }
    const largest = 4294967296 - (4294967296 % limit);
    let value = this.uint32();
    while (value >= largest) value = this.uint32();
    return value % limit;
  }

  /** A standard normal number (Marsaglia's polar method). */
  normal(): number {
    if (this.#spareNormal !== undefined) {
      const spare = this.#spareNormal;
      this.#spareNormal = undefined;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spareNormal = y * factor;
      return x * factor;
    }
  }

  /** Shuffles in place (Fisher-Yates) and returns its argument. */
  shuffle<T extends { length: number; [index: number]: number }>(values: T): T {
    for (let index = values.length - 1; index > 0; index--) {
      const other = this.below(index + 1);
      const held = values[index]!;
      values[index] = values[other]!;
      values[other] = held;
    }
    return values;
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/** Finaliser of splitmix32 (the 32-bit MurmurHash3 mixer). */
function mix32(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
