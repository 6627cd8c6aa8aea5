import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafOf, type Tree } from '../boosting/tree.js';
import { type SeededRandom, seededRandom } from '../numeric/seeded-random.js';
import { type LeafGroup, leafGroups, MOST_CASE_BITS } from './leaf-groups.js';

/** A tree of random shape whose nodes test random columns; only what grouping reads is meaningful. */
function randomTree(nodes: number, columns: number, random: SeededRandom): Tree {
  const left = new Int32Array(nodes);
  const right = new Int32Array(nodes);
  const open = [
    { node: 0, isLeft: true },
    { node: 0, isLeft: false },
  ];
  for (let node = 1; node < nodes; node++) {
    const [place] = open.splice(random.below(open.length), 1);
    (place!.isLeft ? left : right)[place!.node] = node;
    open.push({ node, isLeft: true }, { node, isLeft: false });
  }
  open.forEach(({ node, isLeft }, leaf) => {
    (isLeft ? left : right)[node] = ~leaf;
  });
  const ones = (length: number) => new Float64Array(length).fill(1);
  return {
    column: Int32Array.from({ length: nodes }, () => random.below(columns)),
    bin: null,
    threshold: ones(nodes),
    missingLeft: new Uint8Array(nodes),
    left,
    right,
    gain: ones(nodes),
    nodeRows: ones(nodes),
    leafRows: ones(nodes + 1),
    leafValue: ones(nodes + 1),
  };
}

/** The case of a row, by the definition in `CaseCondition`. */
function caseOf(group: LeafGroup, goesLeft: (node: number) => boolean): number {
  let mask = 2 ** group.bits - 1;
  for (const { node, left, bit } of group.conditions) if (goesLeft(node) !== left) mask &= ~(1 << bit);
  return mask;
}

describe('leafGroups', () => {
  it('puts every leaf in one group, whose cases tell which leaf features a row agrees with', () => {
    const options = fc.record({
      nodes: fc.integer({ min: 1, max: 40 }),
      columns: fc.integer({ min: 1, max: 12 }),
      seed: fc.bigInt({ min: 0n, max: 100000n }),
    });
    fc.assert(
      fc.property(options, ({ nodes, columns, seed }) => {
        const random = seededRandom(seed);
        const tree = randomTree(nodes, columns, random);
        const groups = leafGroups(tree);
        if (!groups) return;
        const leaves = groups.flatMap((group) => group.leaves.map(({ path }) => path.leaf));
        expect(leaves.toSorted((a, b) => a - b)).toEqual(Array.from({ length: nodes + 1 }, (_, i) => i));
        const sides = Array.from({ length: nodes }, () => random.next() < 0.5);
        const reached = leafOf(tree, (node) => sides[node]!);
        for (const group of groups) {
          expect(group.bits).toBeLessThanOrEqual(MOST_CASE_BITS);
          const mask = caseOf(group, (node) => sides[node]!);
          for (const { path, requirements } of group.leaves) {
            const agrees = requirements.map(({ relevant, value }) => (mask & relevant) === value);
            path.columns.forEach((column, feature) => {
              expect(group.columns[requirements[feature]!.output]).toBe(column);
              const tests = path.conditions.filter((condition) => condition.feature === feature);
              expect(agrees[feature]).toBe(tests.every(({ node, left }) => sides[node] === left));
            });
            expect(agrees.every(Boolean)).toBe(path.leaf === reached);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('takes several leaves together and gives up on paths with more columns than a case has bits', () => {
    const random = seededRandom(1n);
    const small = randomTree(5, 3, random);
    expect(leafGroups(small)).toHaveLength(1);
    const chain = randomTree(9, 1, random);
    const deep = {
      ...chain,
      column: Int32Array.from({ length: 9 }, (_, i) => i),
      left: Int32Array.from({ length: 9 }, (_, i) => (i < 8 ? i + 1 : ~8)),
      right: Int32Array.from({ length: 9 }, (_, i) => (i < 8 ? ~i : ~9)),
    };
    expect(leafGroups(deep)).toBeUndefined();
  });
});
