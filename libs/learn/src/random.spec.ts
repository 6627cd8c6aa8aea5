import { describe, expect, it } from 'vitest';
import { Random } from './random.js';

describe('Random', () => {
  it('repeats a stream from its seed and separates streams and seeds', () => {
    const draw = (seed: bigint, stream: number) => {
      const random = new Random(seed, stream);
      return Array.from({ length: 8 }, () => random.uint32());
    };
    expect(draw(7n, 1)).toEqual(draw(7n, 1));
    const streams = [draw(7n, 1), draw(7n, 2), draw(8n, 1), draw((1n << 40n) + 7n, 1)];
    expect(new Set(streams.map(String)).size).toBe(4);
  });

  it('draws uniform and normal numbers with the right moments', () => {
    const random = new Random(1n);
    const count = 40000;
    let [mean, square, normalMean, normalSquare] = [0, 0, 0, 0];
    for (let index = 0; index < count; index++) {
      const u = random.uniform();
      const z = random.normal();
      mean += u / count;
      square += (u * u) / count;
      normalMean += z / count;
      normalSquare += (z * z) / count;
    }
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(square - 1 / 3)).toBeLessThan(0.01);
    expect(Math.abs(normalMean)).toBeLessThan(0.02);
    expect(Math.abs(normalSquare - 1)).toBeLessThan(0.03);
  });

  it('shuffles into every order equally often', () => {
    const random = new Random(3n);
    const seen = new Map<string, number>();
    for (let index = 0; index < 6000; index++) {
      const order = random.shuffle([0, 1, 2]).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('refuses a limit outside 1..2^32', () => {
    expect(() => new Random(1n).below(0)).toThrow(/limit must be/);
  });
});
