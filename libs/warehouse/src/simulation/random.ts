/**
 * xoshiro128** (Blackman and Vigna 2018), seeded by splitmix32. Only integer operations, additions and
 * multiplications, so every JavaScript engine yields the same bits.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  constructor(seed: bigint) {
    let state = Number(seed & 0xffffffffn) ^ Math.imul(Number((seed >> 32n) & 0xffffffffn), 0x9e3779b1);
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return z ^ (z >>> 16);
    };
    this.a = next();
    this.b = next();
    this.c = next();
    this.d = next() | 1;
  }

  /** An integer in [0, 2^32). */
  private bits(): number {
    const product = Math.imul(this.b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.bits() / 4294967296;
  }

  /**
   * Mean 0, variance 1: the sum of twelve uniforms (Irwin-Hall). Chosen over Box-Muller because `Math.log`
   * and `Math.cos` may differ in the last bit between engines, and the simulation must not.
   */
  normal(): number {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += this.bits();
    return sum / 4294967296 - 6;
  }
}
