import { expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { LeakWorld } from '../testing/leak-variants.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { pairLeaks } from './pair-leaks.js';
import { retainedSuspects } from './retained-suspects.js';

it('tells a weak leak that begins late, which a test among all features and targets does not, and no honest feature', () => {
  const pair = simulatePair({ seed: 41n, rows: 20_000, spacing: 8, noiseFeatures: 60 });
  const world = new LeakWorld(pair, 5n);
  const late = world.diluted(world.future, 0.03, 1, (at) => at >= 0.7);
  const columns = [...pair.features, { id: 'late', values: late }];
  const leak = pair.features.length;
  const config = resolveLearnConfig('quick');
  const { matrix, bar, time, targets } = pair.pairInput(config, columns);
  const input = { matrix, bar, time, targetWindow: 45, honestShare: 0.01 };
  const all = columns.map((_, column) => column);
  const first = pairLeaks({ ...input, targets, candidates: all, rows: 15_000 });
  expect([...first.refused.keys(), ...first.suspicious.keys()]).toEqual([]);
  const again = retainedSuspects({
    ...input,
    targets: targets.filter(({ horizon }) => horizon === 45),
    candidates: [...all.slice(0, 12), leak],
    rows: bar.length,
  });
  expect([...again.keys()]).toEqual([leak]);
  expect(again.get(leak)).toMatchObject({ code: 'suspicious_share', facts: { horizon: 45 } });
}, 60_000);
