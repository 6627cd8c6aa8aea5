import { PAIRS } from '@onescan/contract/pair.js';
import { describe, expect, it } from 'vitest';
import { countColumns } from '../build-warehouse.js';
import { universeShape } from '../universe-shape.js';
import type { BuildStep } from './build-step.js';
import { planSteps } from './plan-steps.js';

const plan = (universe: string, pairs: readonly string[] = PAIRS) =>
  planSteps(pairs, PAIRS, universeShape(universe));

const FULL = plan('full');

/** The columns that a run on the pair finds, by group. */
function columnsByGroup(steps: readonly BuildStep[], pair: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { group, name, columns } of steps.flatMap((step) => step.tables)) {
    if (group === 'targets' || (group === 'pair' && !name.includes(pair))) continue;
    counts[group] = (counts[group] ?? 0) + columns;
  }
  return counts;
}

describe('planSteps', () => {
  it('reaches the mandated universe with full, for every pair', () => {
    const { columnsOfPair } = countColumns(PAIRS, FULL);
    for (const pair of PAIRS) {
      const counts = columnsByGroup(FULL, pair);
      expect(counts.pair).toBeGreaterThanOrEqual(3813);
      expect(counts.tri).toBeGreaterThanOrEqual(2088);
      expect(counts.mkt).toBeGreaterThanOrEqual(576);
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      expect(total).toBeGreaterThanOrEqual(6477);
      expect(columnsOfPair[pair]).toBe(total);
    }
  });

  it('gives standard several thousand columns a pair and small about 480', () => {
    const { columnsOfPair } = countColumns(PAIRS, plan('standard'));
    expect(Math.min(...Object.values(columnsOfPair))).toBeGreaterThan(3000);
    const demo = countColumns(['eurusd', 'usdjpy'], plan('small', ['eurusd', 'usdjpy'])).columnsOfPair;
    expect(demo).toEqual({ eurusd: 482, usdjpy: 482 });
  });

  it.each(['small', 'standard', 'full'])('has every family in %s', (universe) => {
    const names = plan(universe).flatMap((step) => step.tables.map(({ name }) => name));
    for (const family of ['base_idx', 'base_bqx', 'tmp', 'corr_etf', 'targets'])
      expect(names).toContain(`${family}_eurusd`);
    for (const family of ['agg', 'mom', 'vol', 'der', 'reg', 'align', 'lag', 'regime']) {
      for (const variant of ['', '_idx', '_bqx']) expect(names).toContain(`${family}${variant}_eurusd`);
    }
    for (const prefix of ['cov_agg_', 'corr_roll_', 'tri_agg_', 'csi_agg_', 'var_agg_', 'mkt_']) {
      expect(names.some((name) => name.startsWith(prefix))).toBe(true);
    }
  });

  it('names every table once', () => {
    const names = FULL.flatMap((step) => step.tables.map(({ name }) => name));
    expect(new Set(names).size).toBe(names.length);
  });

  it('has only tables of the pair under the name of a pair', () => {
    for (const { group, name } of FULL.flatMap((step) => step.tables)) {
      const pairs = PAIRS.filter((pair) => name.includes(pair));
      expect(pairs.length > 0).toBe(group === 'pair' || group === 'targets');
    }
  });

  it('gives a targets table 49 targets', () => {
    const targets = plan('small')
      .flatMap((step) => step.tables)
      .filter(({ group }) => group === 'targets');
    expect(targets.map(({ columns }) => columns)).toEqual(PAIRS.map(() => 49));
  });
});
