import { describe, expect, it } from 'vitest';
import { horizonData } from '../horizon-data.js';
import { resolveLearnConfig } from '../learn-config.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { knownTargetLeaks } from './known-target-leaks.js';

describe('knownTargetLeaks', () => {
  const pair = simulatePair({ seed: 31n, rows: 3000, spacing: 8, noiseFeatures: 2 });
  const config = resolveLearnConfig('quick');
  const input = pair.horizonInput(15);
  const data = horizonData({
    geometry: { horizon: 15, targetWindow: 45 },
    ...input,
    bar: pair.bar,
    persistence: pair.persistence,
  });
  const honest = { id: 'agg_eurusd.known_part', values: Float32Array.from(input.knownPart!) };
  const columns = [
    ...pair.features,
    honest,
    { id: 'copy of the target', values: Float32Array.from(data.value) },
    { id: 'copy of the unknown part', values: Float32Array.from(data.unknown, (value) => -3 * value) },
    { id: 'sign of the target', values: Float32Array.from(data.up) },
  ];
  const { matrix } = pair.pairInput(config, columns);
  const all = columns.map((_, column) => column);

  it('finds copies of target, unknown part and direction, and no honest feature', () => {
    const leaks = knownTargetLeaks(matrix, all, data.usable.subarray(0, 1500), data);
    expect([...leaks.keys()].map((column) => columns[column]!.id)).toEqual([
      'copy of the target',
      'copy of the unknown part',
      'sign of the target',
    ]);
  });

  it('looks at candidates only', () => {
    expect(knownTargetLeaks(matrix, [0, 1, 2], data.usable, data).size).toBe(0);
  });
});
