import { describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { type SimulatedPair, simulatePair } from '../testing/simulated-pair.js';
import { pairLeaks } from './pair-leaks.js';

const config = resolveLearnConfig('quick');
const pair = simulatePair({ seed: 31n, rows: 6000, spacing: 8, noiseFeatures: 3 });
const ROWS = 3000;

type Column = SimulatedPair['features'][number];

const column = (id: string, values: ArrayLike<number>): Column => ({ id, values: Float32Array.from(values) });
const target = (horizon: number) => pair.horizonInput(horizon).target;
const known = (horizon: number) => pair.horizonInput(horizon).knownPart!;
const unknown = (horizon: number) => target(horizon).map((value, row) => value - known(horizon)[row]!);

/** With a part of normal noise whose variance is so many times that of the values. */
function noisy(values: Float64Array, times: number): Float64Array {
  const random = seededRandom(9n);
  const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  return values.map((value) => value + Math.sqrt(times * square) * random.normal());
}

function test(columns: readonly Column[], from: SimulatedPair = pair, { window = 45 } = {}) {
  const { matrix, bar, targets } = from.pairInput(config, columns);
  const candidates = columns.map((_, position) => position);
  const input = { matrix, candidates, bar, rows: ROWS, targetWindow: window, targets };
  const { refused, suspicious } = pairLeaks(input);
  const named = <T>(reasons: ReadonlyMap<number, T>) =>
    Object.fromEntries([...reasons].map(([position, reason]) => [columns[position]!.id, reason]));
  return { refused: named(refused), suspicious: named(suspicious) };
}

describe('pairLeaks', () => {
  const honest = [
    ...pair.features,
    ...[15, 30].map((horizon) => column(`known part of h${horizon}`, known(horizon))),
    column('known direction', known(15).map(Math.sign)),
    column('time', pair.bar),
    column(
      'hour',
      pair.bar.map((bar) => Math.floor(bar / 60) % 24),
    ),
    column('flat', new Float64Array(6000)),
    column(
      'seldom',
      pair.persistence.map((value, row) => (row % 40 < 2 ? value : Number.NaN)),
    ),
  ];

  it('says nothing of honest features, however much they overlap with targets', () => {
    expect(test(honest)).toEqual({ refused: {}, suspicious: {} });
  });

  it.each([
    ['target', target(45), { part: 'target', horizon: 45, limit: 0.9 }],
    ['rounded target', target(30).map((value) => Math.round(100 * value) / 100), { horizon: 30 }],
    ['target with noise', noisy(target(105), 0.02), { horizon: 105 }],
    ['unknown part', unknown(15).map((value) => -3 * value), { part: 'unknown', horizon: 15 }],
    ['direction', target(60).map((value) => (value > 0 ? 1 : 0)), { part: 'sign', horizon: 60 }],
    ['coming direction', unknown(30).map(Math.sign), { part: 'unknown_sign', horizon: 30 }],
    [
      'target in two rows of five',
      target(75).map((value, row) => (row % 100 < 40 ? value : Number.NaN)),
      { horizon: 75 },
    ],
  ])('refuses a column that holds the %s, and names the horizon', (id, values, facts) => {
    const { refused } = test([...honest, column(id, values)]);
    expect(Object.keys(refused)).toEqual([id]);
    expect(refused[id]).toMatchObject({ code: 'leak', facts });
    expect(refused[id]!.facts.share).toBeGreaterThanOrEqual(refused[id]!.facts.limit);
  });

  it.each([
    [
      'return over 90 bars of which 45 are to come',
      target(45).map((value, row) => value + pair.persistence[row]!),
    ],
    ['target with as much noise', noisy(target(60), 1)],
    ['target, two thirds of it known, with half as much noise', noisy(target(15), 0.5)],
    [
      'direction, right four times of five',
      target(90).map((value, row) => (row % 5 === 0 ? -1 : 1) * Math.sign(value)),
    ],
  ])('calls a column suspicious that holds the %s', (id, values) => {
    const { refused, suspicious } = test([...honest, column(id, values)]);
    expect(refused).toEqual({});
    expect(Object.keys(suspicious)).toEqual([id]);
    const { code, facts } = suspicious[id]!;
    expect([code, facts.limit]).toEqual(['suspicious_share', 0.25]);
    expect(facts.part).toMatch(/^unknown/);
    expect(facts.share).toBeGreaterThanOrEqual(facts.limit);
  });

  it('does not take what is known for a leak where it is nearly all of the target', () => {
    const window = 360;
    const long = simulatePair({ seed: 32n, rows: 6000, spacing: 8, noiseFeatures: 1, window });
    const { knownPart, target: own } = long.horizonInput(15);
    const columns = [...long.features, column('known part', knownPart!), column('target', own)];
    expect(Object.keys(test(columns, long, { window }).refused)).toEqual(['target']);
  });

  it('looks at no row beyond those it may, nor at labels that reach there', () => {
    const spoilt = (horizon: number) => (value: number, row: number) =>
      pair.bar[row]! + horizon < pair.bar[ROWS]! + Math.min(0, horizon - 45) ? value : 1e6;
    const leak = [column('target', target(45))];
    const { matrix, bar, targets } = pair.pairInput(config, leak);
    const input = { matrix, candidates: [0], bar, rows: ROWS, targetWindow: 45 };
    const spoil = targets.map((one) => ({ ...one, target: one.target.map(spoilt(one.horizon)) }));
    expect(pairLeaks({ ...input, targets: spoil })).toEqual(pairLeaks({ ...input, targets }));
  });
});
