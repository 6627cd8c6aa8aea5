import { afterEach, describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { horizonData } from '../data/horizon-data.js';
import { seededRandom } from '../numeric/seeded-random.js';
import type { SelectionFacts } from '../selection/selection-result.js';
import { developmentRows } from '../splits/development-rows.js';
import { protocolSegments } from '../splits/protocol-segments.js';
import { type SimulatedPair, simulatePair } from '../testing/simulated-pair.js';
import { callingThread } from '../threads/work-pool.js';
import { PairSelection } from './pair-selection.js';

const pair = simulatePair({ seed: 71n, rows: 1800, spacing: 8, noiseFeatures: 20, effect: 0.3 });
const input = pair.horizonInput(15);
const geometry = { horizon: 15, targetWindow: 45 };
const data = horizonData({ geometry, ...input, bar: pair.bar, persistence: pair.persistence });
const made: PairSelection[] = [];

afterEach(() => {
  for (const selection of made.splice(0)) selection.release();
});

/** Copies of the target or of its unknown part with a little noise: all hold the future, none is like another. */
function leaks(count: number): SimulatedPair['features'] {
  const random = seededRandom(5n);
  return Array.from({ length: count }, (_, k) => {
    const source = k % 2 === 0 ? data.value : data.unknown;
    const spread = Math.sqrt(source.reduce((sum, value) => sum + value * value, 0) / source.length);
    return {
      id: `leak_${k}`,
      values: Float32Array.from(source, (value) => value + 0.2 * spread * random.normal()),
    };
  });
}

function select(features: SimulatedPair['features'], preset: string, overrides: Record<string, string>) {
  const config = resolveLearnConfig(preset, { 'prune.correlation': '1', ...overrides });
  const { bar } = pair;
  const segments = protocolSegments({ bar, geometry, usable: data.usable, config });
  const selection = new PairSelection(pair.pairInput(config, features), config, developmentRows(bar, config));
  made.push(selection);
  const task = { data, rows: segments.selection, seed: 3n, pool: callingThread, shadows: 1 as const };
  const { selection: found, leaks: refusals } = selection.select(task, {});
  const names = (columns: Iterable<number>) => [...columns].map((column) => features[column]!.id);
  return { selected: names(found.selected), leaks: names(refusals.refused.keys()), facts: found.facts };
}

const designOf = (facts: SelectionFacts) => [facts.tested, facts.method === 'stability' ? facts.q : null];

const leaking = leaks(24);
const all = [...leaking, ...pair.features];

describe('PairSelection', () => {
  it.each([
    ['quick', 2],
    ['mandated', 2],
  ])(
    '%s: leaks are refused before selection, so that they take no place of an honest feature',
    (preset, most) => {
      const limit = {
        'select.maxFeatures': String(most),
        'select.pairs': '12',
        'interactions.features': '0',
      };
      const honest = select(pair.features, preset, limit);
      const among = select(all, preset, limit);
      expect(among.leaks).toEqual(leaking.map(({ id }) => id));
      expect(among.selected).toHaveLength(most);
      expect(among.selected).toEqual(honest.selected);
      expect(designOf(among.facts)).toEqual(designOf(honest.facts));
    },
  );

  it('selects nothing when every feature is a leak', () => {
    const found = select(leaking, 'quick', {});
    expect(found.selected).toEqual([]);
    expect(found.leaks).toHaveLength(leaking.length);
  });
});
