import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BinnedMatrixBuilder } from '../binning/binned-matrix-builder.js';
import { treeShapOfValues } from '../shap/tree-shap.js';
import { readLightGbmText, writeLightGbmText } from './lightgbm-text.js';
import { predictValues } from './predict-values.js';
import { trainBooster } from './train-booster.js';

/** Made by fixtures/make-lightgbm-fixtures.py with LightGBM 4.7 and shap 0.51. */
const fixture = (name: string) => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8');
const json = <T>(name: string) => JSON.parse(fixture(name)) as T;

type Columns = (number | null)[][];

interface Growth {
  columns: Columns;
  label: number[];
  binary: number[];
  test: Columns;
  cases: {
    name: string;
    objective: 'regression' | 'binary';
    rounds: number;
    params: { num_leaves?: number; lambda_l1?: number; learning_rate?: number };
    train: number[];
    test: number[];
  }[];
}

const floats = (columns: Columns) =>
  columns.map((column) => Float32Array.from(column, (value) => value ?? Number.NaN));
const doubles = (columns: Columns) =>
  columns.map((column) => Float64Array.from(column, (value) => value ?? Number.NaN));
const all = (rows: number) => Uint32Array.from({ length: rows }, (_, i) => i);

function shareWithin(found: Float64Array, expected: number[], tolerance: number): number {
  const close = expected.filter((value, i) => Math.abs(found[i]! - value) <= tolerance * Math.abs(value));
  return close.length / expected.length;
}

const growth = json<Growth>('growth.json');
const values = floats(growth.columns);
const builder = new BinnedMatrixBuilder(growth.label.length, values.length, { fitRows: growth.label.length });
values.forEach((column, position) => {
  builder.addColumn(position, column);
});
const matrix = builder.finish();

describe('beside LightGBM', () => {
  for (const { name, objective, rounds, params, train, test } of growth.cases) {
    // scikit-learn's own bar for one tree: > 99 % of predictions equal at 1e-3 (training), 1e-4 (test rows).
    it(`grows its trees: ${name}`, () => {
      const logistic = objective === 'binary';
      const booster = trainBooster(
        {
          matrix,
          rows: all(train.length),
          label: Float64Array.from(logistic ? growth.binary : growth.label),
        },
        {
          objective: logistic ? 'logistic' : 'squared',
          rounds,
          maxDepth: 0,
          l2: 1,
          minRowsInLeaf: 20,
          learningRate: params.learning_rate ?? 1,
          maxLeaves: params.num_leaves ?? 8,
          l1: params.lambda_l1 ?? 0,
        },
      );
      expect(shareWithin(booster.predictRaw(matrix, all(train.length)), train, 1e-3)).toBeGreaterThan(0.99);
      const tested = predictValues(booster, floats(growth.test), all(test.length));
      expect(shareWithin(tested, test, rounds === 1 ? 1e-4 : 1e-3)).toBeGreaterThan(0.99);
    });
  }

  for (const name of ['regression', 'binary']) {
    it(`predicts and explains its models alike: ${name}`, () => {
      const { booster } = readLightGbmText(fixture(`lightgbm-${name}.txt`));
      const expected = json<{ columns: Columns; raw: number[]; contributions: number[][]; shap: number[][] }>(
        `lightgbm-${name}.json`,
      );
      const columns = doubles(expected.columns);
      const rows = all(expected.raw.length);
      const raw = predictValues(booster, columns, rows);
      expected.raw.forEach((score, row) => {
        expect(raw[row]).toBeCloseTo(score, 12);
      });
      const { values: shap, baseValue } = treeShapOfValues(booster, columns, rows);
      rows.forEach((row) => {
        const found = [...columns.map((_, column) => shap[column * rows.length + row]!), baseValue];
        expected.contributions[row]!.forEach((value, column) => {
          expect(Math.abs(found[column]! - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)));
        });
        expected.shap[row]!.forEach((value, column) => {
          expect(Math.abs(found[column]! - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)));
        });
      });
    });
  }

  it('is understood by it: a model written here predicts and explains there as here', () => {
    const text = fixture('onescan-model.txt');
    const there = json<{ raw: number[]; contributions: number[][]; names: string[] }>('onescan-model.json');
    const booster = trainBooster(
      { matrix, rows: all(matrix.rows), label: Float64Array.from(growth.label) },
      { rounds: 12, maxLeaves: 15, seed: 7n },
    );
    expect(writeLightGbmText(booster, there.names)).toBe(text);
    booster.predictRaw(matrix, all(matrix.rows)).forEach((score, row) => {
      expect(score).toBeCloseTo(there.raw[row]!, 12);
    });
    const rows = all(there.contributions.length);
    const { values: shap, baseValue } = treeShapOfValues(booster, values, rows);
    rows.forEach((row) => {
      const found = [...values.map((_, column) => shap[column * rows.length + row]!), baseValue];
      found.forEach((value, column) => {
        expect(value).toBeCloseTo(there.contributions[row]![column]!, 10);
      });
    });
  });
});
