import { resolveBoosterParams } from '@onescan/learn/testing/boosting/booster-params.js';
import { sampleTreeColumns } from '@onescan/learn/testing/boosting/column-sampler.js';
import { createBooster } from '@onescan/learn/testing/boosting/create-booster.js';
import { growBestFirst } from '@onescan/learn/testing/boosting/grow-best-first.js';
import { RowScores } from '@onescan/learn/testing/boosting/row-scores.js';
import { TreeGrower } from '@onescan/learn/testing/boosting/tree-grower.js';
import { seededRandom } from '@onescan/learn/testing/numeric/seeded-random.js';

/**
 * Boosts squared error on given rows with gradients rounded to so many bits (sign aside) in the search of splits;
 * leaf values are exact, as they are in the engine. Rounding is random and without bias.
 *
 * @param task matrix, rows 0 .. n - 1 and labels, @param bags rows of every tree, ascending
 */
export function trainCoarsely({ task: { matrix, rows, label }, params: given, bags, bits }) {
  const params = resolveBoosterParams(given);
  const random = seededRandom(params.seed + 1000n);
  const start = rows.reduce((sum, row) => sum + label[row], 0) / rows.length;
  const grower = new TreeGrower(matrix, bags[0].length, undefined, params, random);
  const scores = new RowScores(matrix, rows, params.maxLeaves, start);
  try {
    const trees = bags.map((bag) => {
      const gradient = Float64Array.from(rows, (row) => scores.scores[row] - label[row]);
      const tree = grow({ grower, bag, rows, gradient, params, bits, random, matrix });
      scores.add(tree);
      return tree;
    });
    return createBooster({
      trees,
      baseScore: start,
      objective: 'squared',
      columns: matrix.columns,
      fingerprint: matrix.fingerprint,
      validationLoss: [],
    });
  } finally {
    scores.release();
    grower.release();
  }
}

function grow({ grower, bag, rows, gradient, params, bits, random, matrix }) {
  const largest = bag.reduce((most, row) => Math.max(most, Math.abs(gradient[row])), 0);
  const steps = Math.min(2 ** bits, Math.floor((2 ** 31 - 1) / bag.length) - 1);
  const gradientUnit = largest / steps || 1;
  const packed = grower.packed(bag.length);
  bag.forEach((row, i) => {
    packed[2 * i + 1] = Math.floor(gradient[row] / gradientUnit + random.next());
    packed[2 * i] = 1;
  });
  const sample = sampleTreeColumns(grower.block.slots, 1, random);
  const root = grower.plant(
    { matrixRows: rows, taking: bag, units: { gradientUnit, hessianUnit: 1 }, equalHessian: true },
    sample,
  );
  const leaves = growBestFirst(grower, root);
  const members = grower.rows(bag.length);
  const values = Float64Array.from(leaves, ({ start, count }) => {
    const sum = members.subarray(start, start + count).reduce((total, row) => total + gradient[row], 0);
    return (-params.learningRate * sum) / (count + params.l2);
  });
  return grower.assembly.finish(
    matrix,
    Float64Array.from(leaves, (leaf) => leaf.count),
    values,
  );
}
