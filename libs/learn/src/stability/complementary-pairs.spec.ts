import { describe, expect, it } from 'vitest';
import { seededRandom } from '../numeric/seeded-random.js';
import { distinctPairs, drawComplementaryPairs } from './complementary-pairs.js';

describe('drawComplementaryPairs', () => {
  it('draws halves that are all different, also from complements', () => {
    const pairs = drawComplementaryPairs(8, 35, seededRandom(1n));
    expect(pairs).toHaveLength(35);
    for (const pair of pairs) expect(pair.reduce((sum, side) => sum + side, 0)).toBe(4);
    const halves = pairs.flatMap((pair) => [pair.join(''), pair.map((side) => 1 - side).join('')]);
    expect(new Set(halves).size).toBe(70);
  });

  it('uses every block equally often on average', () => {
    const pairs = drawComplementaryPairs(16, 400, seededRandom(2n));
    for (let block = 0; block < 16; block++) {
      const used = pairs.filter((pair) => pair[block] === 1).length;
      expect(Math.abs(used - 200)).toBeLessThan(45);
    }
  });

  it('counts different pairs and refuses more', () => {
    expect([2, 4, 8, 16].map(distinctPairs)).toEqual([1, 3, 35, 6435]);
    expect(() => drawComplementaryPairs(4, 5, seededRandom(1n))).toThrow(/4 blocks make 3 different/);
    expect(() => drawComplementaryPairs(5, 2, seededRandom(1n))).toThrow(/even number of blocks/);
  });

  it('repeats from its seed', () => {
    const draw = (seed: bigint) => drawComplementaryPairs(16, 5, seededRandom(seed)).map(String);
    expect(draw(3n)).toEqual(draw(3n));
    expect(draw(3n)).not.toEqual(draw(4n));
  });
});
