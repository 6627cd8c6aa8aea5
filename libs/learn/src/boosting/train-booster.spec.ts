import { describe, expect, it } from 'vitest';
import type { BinnedMatrix } from '../binning/binned-matrix.js';
import { BinnedMatrixBuilder } from '../binning/binned-matrix-builder.js';
import { CancelledError } from '../errors/cancelled-error.js';
import { Arena } from '../kernels/arena.js';
import { binned } from '../testing/binned.js';
import { all, meanSquare, sample, sampled, structures } from '../testing/booster-sample.js';
import { DEFAULT_BOOSTER_PARAMS } from './booster-params.js';
import { estimateBoosterBytes } from './grower-memory.js';
import { predictValues } from './predict-values.js';
import { trainBooster } from './train-booster.js';

describe('trainBooster', () => {
  it('is the same every time, and another with another seed when it samples', () => {
    const { matrix, label } = sample(1500, 30, 1n);
    const task = { matrix, rows: all(1500), label };
    const first = trainBooster(task, { ...sampled, rounds: 8, seed: 5n });
    expect(structures(trainBooster(task, { ...sampled, rounds: 8, seed: 5n }))).toEqual(structures(first));
    expect(structures(trainBooster(task, { ...sampled, rounds: 8, seed: 6n }))).not.toEqual(
      structures(first),
    );
  });

  it('keeps its score of training rows equal to what it predicts, also of rows out of the bag', () => {
    const { matrix, label, values } = sample(1200, 10, 2n);
    const task = { matrix, rows: all(1200), label, validationRows: all(1200) };
    for (const growth of ['leaf', 'level', 'symmetric'] as const) {
      const booster = trainBooster(task, { ...sampled, growth, rounds: 15, rowEvery: 3 });
      const raw = booster.predictRaw(matrix, all(1200));
      expect(2 * booster.validationLoss.at(-1)!).toBeCloseTo(meanSquare(raw, label, all(1200)), 10);
      expect(predictValues(booster, values, all(1200))).toEqual(raw);
      const later = booster.validationLoss.slice(1);
      expect(later.every((loss, round) => loss < booster.validationLoss[round]! + 0.01)).toBe(true);
    }
  });

  it('does not depend on the order of columns', () => {
    const { values, label, matrix } = sample(800, 13, 3n);
    const order = [7, 3, 12, 0, 5, 9, 1, 11, 2, 8, 4, 10, 6];
    const permuted = binned(order.map((column) => values[column]!));
    const params = { rounds: 10, maxLeaves: 16 };
    const plain = trainBooster({ matrix, rows: all(800), label }, params);
    const other = trainBooster({ matrix: permuted, rows: all(800), label }, params);
    expect(other.predictRaw(permuted, all(800))).toEqual(plain.predictRaw(matrix, all(800)));
    expect([...other.splitCount()]).toEqual(order.map((column) => plain.splitCount()[column]!));
  });

  it('does not depend on the scale of columns, and scales with the label', () => {
    const { values, label, matrix } = sample(800, 6, 4n);
    const scaled = binned(values.map((column, c) => column.map((value) => value * 2 ** (c - 3) + 0)));
    const params = { rounds: 10, maxLeaves: 16 };
    const plain = trainBooster({ matrix, rows: all(800), label }, params).predictRaw(matrix, all(800));
    const other = trainBooster({ matrix: scaled, rows: all(800), label }, params).predictRaw(
      scaled,
      all(800),
    );
    expect(other).toEqual(plain);
    const eightfold = label.map((y) => 8 * y);
    const larger = trainBooster({ matrix, rows: all(800), label: eightfold }, params).predictRaw(
      matrix,
      all(800),
    );
    expect(larger).toEqual(plain.map((score) => 8 * score));
  });

  it('trains on the rows and columns given and on nothing else', () => {
    const { matrix, label } = sample(1000, 20, 5n);
    const rows = all(1000).filter((row) => row % 3 !== 0);
    const spoilt = label.map((y, row) => (row % 3 === 0 ? Number.NaN : y));
    const columns = [3, 1, 17, 9, 0];
    const booster = trainBooster({ matrix, rows, label: spoilt, columns }, { rounds: 5 });
    expect(booster.splitCount().filter((count, c) => count > 0 && !columns.includes(c))).toHaveLength(0);
    const subset = matrix.subset([0, 1, 3, 9, 17]);
    const same = trainBooster({ matrix: subset, rows, label: spoilt }, { rounds: 5 });
    expect(same.predictRaw(subset, all(1000))).toEqual(booster.predictRaw(matrix, all(1000)));
  });

  it('grows the same trees on a contiguous range of rows as on a matrix of just those rows', () => {
    const { values, label, matrix } = sample(900, 9, 6n);
    const range = all(900).subarray(200, 700);
    const builder = new BinnedMatrixBuilder(500, 9, { fitRows: 500 });
    values.forEach((column, position) => {
      builder.addColumn(position, column.slice(200, 700));
    });
    const alone = builder.finish();
    const whole = binned(
      values.map((column) => column.map((value, i) => (i < 200 || i >= 700 ? Number.NaN : value))),
    );
    const params = { rounds: 5, maxLeaves: 20 };
    const inRange = trainBooster({ matrix: whole, rows: range, label }, params).predictRaw(whole, range);
    const onOwn = trainBooster({ matrix: alone, rows: all(500), label: label.slice(200, 700) }, params);
    expect(inRange).toEqual(onOwn.predictRaw(alone, all(500)));
    expect(matrix.rows).toBe(900);
  });

  it('treats a weight like that many rows', () => {
    const { values, label, matrix } = sample(300, 5, 9n);
    const weight = Float64Array.from({ length: 300 }, (_, i) => 1 + (i % 3));
    const copies = Array.from(weight, (count, row) => new Array<number>(count).fill(row)).flat();
    const repeated = matrixLike(matrix, values, copies);
    const params = { rounds: 3, maxLeaves: 6, minRowsInLeaf: 1, minHessianInLeaf: 20 };
    const weighted = trainBooster({ matrix, rows: all(300), label, weight }, params);
    const rows = all(copies.length);
    const plain = trainBooster(
      { matrix: repeated, rows, label: Float64Array.from(copies, (row) => label[row]!) },
      params,
    );
    const scores = plain.predictRaw(repeated, rows);
    weighted.predictRaw(matrix, Uint32Array.from(copies)).forEach((score, i) => {
      expect(score).toBeCloseTo(scores[i]!, 8);
    });
  });

  it('gives back the shared memory it took, also when cancelled', () => {
    const { matrix, label } = sample(500, 9, 16n);
    const task = { matrix, rows: all(500), label, columns: [1, 2, 3] };
    const used = new Arena(matrix.memory).usedBytes();
    const rounds: number[] = [];
    trainBooster(task, { rounds: 3 }, { onRound: (round) => rounds.push(round) });
    expect(rounds).toEqual([0, 1, 2]);
    let asked = 0;
    const isCancelled = () => ++asked > 2;
    expect(() => trainBooster(task, { rounds: 9 }, { isCancelled })).toThrow(CancelledError);
    expect(new Arena(matrix.memory).usedBytes()).toBe(used);
  });

  it('takes about the memory that is estimated', () => {
    for (const columns of [undefined, [0, 3, 4, 9, 11, 17, 20, 21, 30]]) {
      const { matrix, label } = sample(3000, 40, 18n);
      const before = matrix.memory.buffer.byteLength;
      const params = { rounds: 2, maxLeaves: 40, maxDepth: 0 };
      trainBooster({ matrix, rows: all(3000), label, ...(columns && { columns }) }, params);
      const taken = matrix.memory.buffer.byteLength - before;
      const size = {
        rows: 3000,
        columns: columns?.length ?? 40,
        bins: 64,
        matrixRows: 3000,
        gathered: !!columns,
      };
      const estimate = estimateBoosterBytes(size, { ...DEFAULT_BOOSTER_PARAMS, ...params });
      // The builder's freed scratch is used first, up to 16 bytes a row.
      expect(estimate).toBeGreaterThan(taken - 65536);
      expect(estimate).toBeLessThan(taken + 3000 * 16 + 2 * 65536);
    }
  });

  it('refuses bad input by name', () => {
    const { matrix, label } = sample(50, 3, 17n);
    const task = { matrix, rows: all(50), label };
    expect(() => trainBooster(task, { rounds: 0 })).toThrow('rounds must be a whole number of at least 1');
    expect(() => trainBooster(task, { rowFraction: 1.5 })).toThrow(
      'rowFraction must be a number above 0 and at most 1',
    );
    expect(() => trainBooster(task, { leaves: 3 } as object)).toThrow('no booster parameter leaves');
    expect(() => trainBooster({ ...task, rows: Uint32Array.of(50) }, {})).toThrow('row 50 is not one');
    expect(() => trainBooster({ ...task, label: label.with(3, Number.NaN) }, {})).toThrow(
      'label of row 3 is NaN',
    );
    expect(() => trainBooster(task, { objective: 'logistic' })).toThrow('logistic needs 0 to 1');
    expect(() => trainBooster({ ...task, weight: label.map(() => 0) }, {})).toThrow('weight of row 0 is 0');
    expect(() => trainBooster({ ...task, columns: [1, 1] }, {})).toThrow('column 1 is given twice');
    expect(() => trainBooster(task, { earlyStoppingRounds: 5 })).toThrow('needs validationRows');
    expect(() => trainBooster(task, { monotone: Int8Array.of(1) })).toThrow('monotone names 1 columns');
  });

  it('stops early on validation rows and keeps the best round', () => {
    const { matrix, label } = sample(1000, 10, 12n);
    const noisy = label.map((y, row) => (row < 500 ? y : y + 3 * Math.sin(row * 77)));
    const task = { matrix, rows: all(500), label: noisy, validationRows: all(1000).subarray(500) };
    const booster = trainBooster(task, {
      rounds: 500,
      learningRate: 0.5,
      earlyStoppingRounds: 10,
      minRowsInLeaf: 2,
    });
    const best = booster.validationLoss.indexOf(Math.min(...booster.validationLoss));
    expect(booster.trees.length).toBe(best + 1);
    expect(booster.validationLoss.length).toBe(best + 11);
  });

  it('approximates quantiles and probabilities', () => {
    const { matrix, label } = sample(4000, 6, 13n);
    const rows = all(4000);
    const high = trainBooster(
      { matrix, rows, label },
      { objective: 'quantile', quantile: 0.9, rounds: 40, maxLeaves: 8 },
    );
    const raw = high.predictRaw(matrix, rows);
    expect(raw.filter((score, row) => label[row]! <= score).length / 4000).toBeCloseTo(0.9, 1);
    const up = label.map((y) => Number(y > 0));
    const logistic = trainBooster(
      { matrix, rows, label: up },
      { objective: 'logistic', rounds: 40, maxLeaves: 8 },
    );
    const scores = logistic.predictRaw(matrix, rows);
    expect(scores.filter((score, row) => score > 0 === (up[row] === 1)).length / 4000).toBeGreaterThan(0.9);
    const probability = scores.reduce((sum, score) => sum + 1 / (1 + Math.exp(-score)), 0) / 4000;
    expect(probability).toBeCloseTo(up.reduce((sum, y) => sum + y, 0) / 4000, 2);
  });

  it('shrugs off outliers with the Huber loss', () => {
    const { matrix, label } = sample(2000, 6, 14n);
    const spoilt = label.map((y, row) => (row % 50 === 0 ? y + 500 : y));
    const error = (objective: 'huber' | 'squared') => {
      const booster = trainBooster({ matrix, rows: all(2000), label: spoilt }, { objective, rounds: 60 });
      return meanSquare(booster.predictRaw(matrix, all(2000)), label, all(2000));
    };
    expect(error('huber')).toBeLessThan(0.2 * error('squared'));
  });
});

function matrixLike(matrix: BinnedMatrix, values: Float32Array[], rows: number[]): BinnedMatrix {
  return binned(
    values.map((_, column) => {
      const bins = matrix.readColumn(column);
      return Float32Array.from(rows, (row) => bins[row]! || Number.NaN);
    }),
  );
}
