import { afterAll, describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { horizonData } from '../data/horizon-data.js';
import { developmentRows } from '../splits/development-rows.js';
import { protocolSegments } from '../splits/protocol-segments.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { callingThread } from '../threads/work-pool.js';
import { PairSelection } from './pair-selection.js';
import { selectStage } from './select-stage.js';

const pair = simulatePair({ seed: 71n, rows: 4000, spacing: 8, noiseFeatures: 20, effect: 0.08 });
const config = resolveLearnConfig('quick', { 'interactions.features': '10' });
const geometry = { horizon: 45, targetWindow: 45 };
const { bar, persistence } = pair;
const input = pair.horizonInput(45);
const data = horizonData({ geometry, ...input, bar, persistence });
const segments = protocolSegments({ bar, geometry, usable: data.usable, config });
const selection = new PairSelection(pair.pairInput(config), config, developmentRows(bar, config));
afterAll(() => selection.release());

const stage = (target: Float64Array, nested = true) => {
  const changed = horizonData({ geometry, ...input, target, bar, persistence });
  return selectStage({ selection, data: changed, segments, nested, seed: 3n, pool: callingThread }, {});
};
const facts = (found: ReturnType<typeof stage>, fold: number) => {
  const { selected, frequency, interactions } = found.foldSelections![fold]!;
  return { selected, frequency, interactions };
};

describe('selectStage', () => {
  const found = stage(input.target);

  it('selects for the final models on all development rows, for a fold on those before it', () => {
    expect(found.selectionRows).toBe(segments.development);
    expect(found.selection.selected.length).toBeGreaterThan(0);
    expect(found.foldSelections).toHaveLength(3);
    const used = [...found.foldSelections!, found.selection].map(({ facts }) =>
      facts.method === 'stability' ? facts.rowsUsed : 0,
    );
    expect(used).toEqual(used.toSorted((a, b) => a - b));
    expect(used[0]).toBeLessThan(0.6 * used.at(-1)!);
  });

  it.each([0, 1, 2])('owes nothing to the rows that fold %d tests, nor to later ones', (fold) => {
    const from = segments.folds[fold]!.test[0]!;
    const other = stage(
      input.target.map((value, row) => (row < from ? value : 3 * value + 0.01 * Math.sin(row))),
    );
    expect(facts(other, fold)).toEqual(facts(found, fold));
    expect(other.selection.frequency).not.toEqual(found.selection.frequency);
  });

  it('selects once, before all folds, when it is not nested', () => {
    const once = stage(input.target, false);
    expect(once.foldSelections).toBeNull();
    expect(once.selectionRows).toBe(segments.selection);
  });
});
