import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readLightGbmText } from '../boosting/lightgbm-text.js';
import { leafGroups } from './leaf-groups.js';
import { treeShapOfValues } from './tree-shap.js';

/** Written by fixtures/make-shap-fixtures.py. */
interface Fixture {
  readonly model: string;
  readonly rows: (number | null)[][];
  readonly background: (number | null)[][];
  readonly interventional: number[][];
  readonly interventionalBase: number;
  /** The last of each row is the base value. */
  readonly pathDependent: number[][];
}

describe.each(['shallow', 'deep'])('SHAP values of a LightGBM model with %s trees', (name) => {
  const path = new URL(`../../fixtures/shap-${name}.json`, import.meta.url);
  const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture;
  const { booster } = readLightGbmText(fixture.model);
  const table = [...fixture.rows, ...fixture.background];
  const columns = Array.from({ length: booster.columns }, (_, c) => table.map((row) => row[c] ?? Number.NaN));
  const rows = Uint32Array.from(fixture.rows.keys());
  const background = Uint32Array.from(fixture.background.keys(), (k) => rows.length + k);

  it('are those of the shap package (interventional)', () => {
    expect(booster.trees.some((tree) => leafGroups(tree) === undefined)).toBe(name === 'deep');
    const { values, baseValue } = treeShapOfValues(booster, columns, rows, { background });
    expect(baseValue).toBeCloseTo(fixture.interventionalBase, 6);
    fixture.interventional.forEach((shap, row) => {
      shap.forEach((expected, column) => {
        expect(values[column * rows.length + row]).toBeCloseTo(expected, 6);
      });
    });
  });

  it('are those of LightGBM (path-dependent)', () => {
    const { values, baseValue } = treeShapOfValues(booster, columns, rows);
    fixture.pathDependent.forEach((shap, row) => {
      expect(baseValue).toBeCloseTo(shap.at(-1)!, 9);
      shap.slice(0, -1).forEach((expected, column) => {
        expect(values[column * rows.length + row]).toBeCloseTo(expected, 9);
      });
    });
  });
});
