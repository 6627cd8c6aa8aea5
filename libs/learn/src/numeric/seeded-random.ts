/** A small seeded generator of uniform numbers: sfc32 (Chris Doty-Humphrey, PractRand), 32-bit state x 4. */
export interface SeededRandom {
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** Uniform whole number in [0, bound). */
  below(bound: number): number;
  /** Standard normal (Box-Muller, one of the pair). */
  normal(): number;
}

/** The same seed gives the same numbers on every machine. */
export function seededRandom(seed: bigint): SeededRandom {
  let a = Number(BigInt.asUintN(32, seed)) | 0;
  let b = Number(BigInt.asUintN(32, seed >> 32n)) | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next32 = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 15; round++) next32();
  const next = () => next32() / 4294967296;
  return {
    next,
    below: (bound) => Math.floor(next() * bound),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}

/** A seed for one part of the work, from the horizon's seed and the part's numbers (splitmix64, Steele et al. 2014). */
export function subseed(seed: bigint, ...parts: number[]): bigint {
  let state = BigInt.asUintN(64, seed);
  for (const part of parts) {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n * BigInt(part + 1));
    state = BigInt.asUintN(64, (state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n);
    state = BigInt.asUintN(64, (state ^ (state >> 27n)) * 0x94d049bb133111ebn);
    state ^= state >> 31n;
  }
  return state;
}
