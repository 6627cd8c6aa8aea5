import { describe, expect, it } from 'vitest';
import { binned } from '../testing/binned.js';
import { createStabilityContext, releaseStabilityContext } from './create-stability-context.js';
import { plantedData } from './planted.fixture.js';
import { STABILITY_METHOD_NAMES, type StabilityMethod } from './stability-methods.js';
import { combinedOrder, stabilitySelection } from './stability-selection.js';

const SETTINGS = { threshold: 0.6, maxFalse: 1 };

function contextOf(values: readonly Float32Array[], bar: Int32Array, pairs = 25) {
  const matrix = binned(values);
  const candidates = values.map((_, column) => column);
  return createStabilityContext({ matrix, candidates, rows: bar.length, bar, purgeBars: 60, pairs });
}

describe('stabilitySelection', () => {
  it('finds planted linear and curved features and little else', () => {
    const data = plantedData({ rows: 4000, columns: 120, planted: 4, curved: true, share: 0.2, seed: 5n });
    const context = contextOf(data.values, data.bar);
    const outcome = stabilitySelection(context, { rows: data.allRows, ...data, ...SETTINGS, seed: 1n });
    expect(outcome.selected).toEqual(expect.arrayContaining([0, 1, 2, 3, 4]));
    expect(outcome.selected.length).toBeLessThanOrEqual(7);
    expect(outcome.byMethod.get('elastic-net')![4]!).toBeLessThan(0.6);
    expect(outcome.byMethod.get('curvature')![4]!).toBeGreaterThan(0.7);
    expect(outcome.expectedFalseSelections.unimodal).toBeLessThanOrEqual(1);
    expect(outcome.shadowSelections).toBeLessThanOrEqual(2);
    expect(outcome.order.slice(0, 5).sort()).toEqual([0, 1, 2, 3, 4]);
    releaseStabilityContext(context);
  });

  describe('by method', () => {
    const data = plantedData({ rows: 3000, columns: 90, planted: 3, curved: true, share: 0.26, seed: 6n });
    const context = contextOf(data.values, data.bar);
    const input = { rows: data.allRows, ...data, ...SETTINGS, seed: 1n };
    const by = (...methods: StabilityMethod[]) => stabilitySelection(context, { ...input, methods });

    it('needs the elastic net for straight effects and curvature for curved ones', () => {
      const [both, straight, curved] = [by('elastic-net', 'curvature'), by('elastic-net'), by('curvature')];
      expect(both.selected).toEqual(expect.arrayContaining([0, 1, 2, 3]));
      expect(straight.selected).toEqual(expect.arrayContaining([0, 1, 2]));
      expect(straight.selected).not.toContain(3);
      expect(curved.selected).toContain(3);
      for (const column of [0, 1, 2]) expect(curved.selected).not.toContain(column);
      expect(both.order.slice(0, 4).sort()).toEqual([0, 1, 2, 3]);
    });

    it('finds both by one-way F and by boosted stumps, and keeps the bound for any number of methods', () => {
      for (const method of ['binned-f', 'stumps'] as const) {
        const { selected, byMethod } = by(method);
        expect(selected, method).toEqual(expect.arrayContaining([0, 1, 2, 3]));
        expect([...byMethod.keys()]).toEqual([method]);
      }
      const all = stabilitySelection(context, { ...input, methods: STABILITY_METHOD_NAMES, maxFalse: 4 });
      expect(all.q).toBe(by('elastic-net').q);
      expect(all.expectedFalseSelections.unimodal).toBeLessThanOrEqual(4);
      expect(all.selected).toEqual(expect.arrayContaining([0, 1, 2, 3]));
      const share = (column: number) => Math.max(...[...all.byMethod.values()].map((own) => own[column]!));
      expect(Array.from(all.frequency)).toEqual(data.values.map((_, column) => share(column)));
    });

    it('stops between stumps, and refuses no method and one named twice', () => {
      let asked = 0;
      const hooks = { isCancelled: () => ++asked > 20 };
      expect(() => stabilitySelection(context, { ...input, methods: ['stumps'] }, hooks)).toThrow(
        /cancelled/,
      );
      expect(() => by()).toThrow(/at least one method/);
      expect(() => by('stumps', 'curvature', 'stumps')).toThrow(/a method twice/);
    });
  });

  it('selects fewer than the bound on average when the target is independent of all features', () => {
    const counts = [1n, 2n, 3n, 4n, 5n, 6n].map((seed) => {
      const data = plantedData({ rows: 1600, columns: 80, planted: 0, share: 0, seed: 100n + seed });
      const context = contextOf(data.values, data.bar);
      return stabilitySelection(context, { rows: data.allRows, ...data, ...SETTINGS, seed, shadows: 0 });
    });
    const mean = counts.reduce((sum, outcome) => sum + outcome.selected.length, 0) / counts.length;
    expect(mean).toBeLessThanOrEqual(counts[0]!.expectedFalseSelections.unimodal);
    expect(counts.every((outcome) => Number.isNaN(outcome.shadowSelections))).toBe(true);
  });

  it('gives every column the same frequency in whatever order the columns come', () => {
    const data = plantedData({ rows: 1500, columns: 50, planted: 3, share: 0.1, seed: 9n });
    const order = data.values.map((_, column) => (column * 17 + 5) % 50);
    const plain = contextOf(data.values, data.bar);
    const shuffled = contextOf(
      order.map((column) => data.values[column]!),
      data.bar,
    );
    const input = { rows: data.allRows, target: data.target, bar: data.bar, ...SETTINGS, seed: 3n };
    const one = stabilitySelection(plain, input);
    const two = stabilitySelection(shuffled, input);
    for (const [method, frequency] of one.byMethod) {
      expect(Array.from(two.byMethod.get(method)!)).toEqual(order.map((column) => frequency[column]));
    }
    expect(two.selected.map((column) => order[column]).sort()).toEqual(one.selected.toSorted());
    expect(two.shadowSelections).toBe(one.shadowSelections);
  });

  it('does not depend on what was selected before, and repeats', () => {
    const data = plantedData({ rows: 1500, columns: 40, planted: 3, share: 0.1, seed: 11n });
    const context = contextOf(data.values, data.bar);
    const input = { rows: data.allRows, target: data.target, bar: data.bar, ...SETTINGS, seed: 3n };
    const first = stabilitySelection(context, input);
    stabilitySelection(context, { ...input, target: data.target.map((y) => y * y), seed: 4n });
    expect(stabilitySelection(context, input)).toEqual(first);
    const other = stabilitySelection(context, { ...input, seed: 5n });
    expect(Array.from(other.frequency)).not.toEqual(Array.from(first.frequency));
  });

  it('selects among columns that are not excluded', () => {
    const data = plantedData({ rows: 1500, columns: 60, planted: 3, share: 0.4, seed: 13n });
    data.values[20] = Float32Array.from(data.target, (y) => 2 * y + 1);
    const context = contextOf(data.values, data.bar);
    const input = { rows: data.allRows, ...data, ...SETTINGS, seed: 3n, excluded: new Set([20]) };
    const outcome = stabilitySelection(context, input);
    expect(outcome.selected).toEqual(expect.arrayContaining([0, 1, 2]));
    expect(outcome.selected).not.toContain(20);
    expect(outcome.tested).toBe(59);
  });

  it('leaves rows without target out and refuses a target that is not finite', () => {
    const data = plantedData({ rows: 1500, columns: 30, planted: 2, share: 0.2, seed: 17n });
    const context = contextOf(data.values, data.bar);
    const rows = data.allRows.filter((row) => row % 10 !== 0);
    const target = data.target.map((y, row) => (row % 10 === 0 ? Number.NaN : y));
    const outcome = stabilitySelection(context, { rows, target, bar: data.bar, ...SETTINGS, seed: 3n });
    expect(outcome.selected).toEqual(expect.arrayContaining([0, 1]));
    expect(outcome.rowsUsed).toBeLessThan(rows.length);
    const all = { rows: data.allRows, target, bar: data.bar, ...SETTINGS, seed: 3n };
    expect(() => stabilitySelection(context, all)).toThrow(/row 0 has no finite target/);
  });

  it('stops when cancelled and gives its scratch back', () => {
    const data = plantedData({ rows: 1500, columns: 30, planted: 2, share: 0.2, seed: 19n });
    const context = contextOf(data.values, data.bar);
    const input = { rows: data.allRows, ...data, ...SETTINGS, seed: 3n };
    expect(() => stabilitySelection(context, input, { isCancelled: () => true })).toThrow(/cancelled/);
    const fractions: number[] = [];
    stabilitySelection(context, input, { onProgress: (fraction) => fractions.push(fraction) });
    expect(fractions.at(-1)).toBe(1);
    expect(fractions.toSorted((a, b) => a - b)).toEqual(fractions);
  });
});

describe('combinedOrder', () => {
  it('takes the better of both ranks, then the other one, then the position', () => {
    const none = Number.NEGATIVE_INFINITY;
    //                 0    1    2    3    4
    const one = [9, 8, 1, 0, 2];
    const two = [none, 3, 7, 5, 6];
    // Ranks: (1, 5), (2, 4), (4, 1), (5, 3), (3, 2).
    expect(combinedOrder([Float64Array.from(one), Float64Array.from(two)])).toEqual([2, 0, 4, 1, 3]);
    expect(combinedOrder([Float64Array.of(none, 1, none, 1)])).toEqual([1, 3, 0, 2]);
  });
});
