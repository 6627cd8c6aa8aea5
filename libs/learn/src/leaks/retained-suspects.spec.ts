import { expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { LEAK_VARIANTS } from '../testing/leak-variants.js';
import { LeakWorld, leakColumns } from '../testing/leak-world.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { pairLeaks } from './pair-leaks.js';
import { panelSuspects, retainedSuspects } from './retained-suspects.js';

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
    persistence: pair.persistence,
  });
  expect([...again.keys()]).toEqual([leak]);
  expect(again.get(leak)).toMatchObject({ code: 'suspicious_share', facts: { horizon: 45 } });
}, 60_000);

it('tells leaks that act at some hours, on a day, after small moves, or in what is missing, and no honest feature', () => {
  const pair = simulatePair({ seed: 43n, rows: 20_000, spacing: 20, noiseFeatures: 12 });
  const world = new LeakWorld(pair, 7n);
  const hidden: [string, object][] = [
    ['from 8 to 10 h only, 24 %', { hour: 8 }],
    ['on one day of the week, 24 %', { weekday: expect.any(Number) }],
    ['in quiet hours only, 24 %', { moves: 'small' }],
    ['missing in 60 % of rises and 40 % of falls', { missing: true }],
  ];
  const leaks = hidden.flatMap(([name]) =>
    leakColumns(LEAK_VARIANTS.find((variant) => variant.name === name)!, world),
  );
  const columns = [...pair.features, ...leaks];
  const { matrix, bar, time, targets, persistence } = pair.pairInput(resolveLearnConfig('quick'), columns);
  const found = retainedSuspects({
    ...{ matrix, bar, time, persistence, targetWindow: 45, honestShare: 0.01, rows: bar.length },
    targets: targets.filter(({ horizon }) => horizon === 45),
    candidates: columns.map((_, column) => column),
  });
  expect([...found.keys()]).toEqual(leaks.map((_, k) => pair.features.length + k));
  expect([...found.values()].map(({ facts }) => facts)).toMatchObject(hidden.map(([, facts]) => facts));
}, 120_000);

it('tells a table whose columns hold a little of the future each, and no honest table', () => {
  const pair = simulatePair({ seed: 44n, rows: 20_000, spacing: 20, noiseFeatures: 50 });
  const world = new LeakWorld(pair, 8n);
  const leaks = leakColumns(LEAK_VARIANTS.find(({ name }) => name === '50 columns of 0.1 % each')!, world);
  const columns = [...pair.features, ...leaks];
  const { matrix, bar, time, targets } = pair.pairInput(resolveLearnConfig('quick'), columns);
  const first = pair.features.length;
  const honest = [...pair.features.keys()].filter((column) => columns[column]!.id.startsWith('agg_'));
  const late = leaks.map((_, k) => first + k);
  const found = panelSuspects(
    {
      matrix,
      bar,
      time,
      targetWindow: 45,
      honestShare: 0.01,
      rows: bar.length,
      targets: targets.slice(2, 3),
    },
    [honest, late],
    [...honest, first, first + 9],
    columns.length,
  );
  expect([...found.keys()]).toEqual([first, first + 9]);
  expect(found.get(first)).toMatchObject({ facts: { columns: 50, horizon: 45 } });
}, 60_000);

it('knows that a retained feature is the best of many, and its table with it', () => {
  const config = resolveLearnConfig('quick');
  const suspects = { ofOne: 0, ofAll: 0 };
  for (const seed of [61n, 63n, 66n, 67n]) {
    const pair = simulatePair({ seed, rows: 4000, spacing: 20, noiseFeatures: 200 });
    const { matrix, bar, time, targets } = pair.pairInput(config, pair.features);
    const input = { matrix, bar, time, targetWindow: 45, honestShare: 0.002, rows: bar.length };
    const h45 = { ...input, targets: targets.slice(2, 3) };
    for (let first = 0; first + 4 <= pair.features.length; first += 4) {
      const table = [first, first + 1, first + 2, first + 3];
      suspects.ofOne += panelSuspects(h45, [table], [first], 1).size;
      suspects.ofAll += panelSuspects(h45, [table], [first], pair.features.length).size;
    }
  }
  // Whoever looks at the best of all tables as if it were the only one finds some on a random walk.
  expect(suspects.ofOne).toBeGreaterThan(0);
  expect(suspects.ofAll).toBe(0);
}, 60_000);
