import { describe, expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { type SimulatedPair, simulatePair } from '../testing/simulated-pair.js';
import { pairLeaks } from './pair-leaks.js';

const config = resolveLearnConfig('quick');
const pair = simulatePair({ seed: 31n, rows: 6000, spacing: 8, noiseFeatures: 3 });
const ROWS = 4800;

type Column = SimulatedPair['features'][number];

const column = (id: string, values: ArrayLike<number>): Column => ({ id, values: Float32Array.from(values) });
const inputs = new Map([15, 30, 45, 60, 75, 90, 105].map((horizon) => [horizon, pair.horizonInput(horizon)]));
const target = (horizon: number) => inputs.get(horizon)!.target;
const known = (horizon: number) => inputs.get(horizon)!.knownPart!;
const unknown = (horizon: number) => target(horizon).map((value, row) => value - known(horizon)[row]!);

/** With a part of normal noise whose variance is so many times that of the values. */
function noisy(values: Float64Array, times: number): Float64Array {
  const random = seededRandom(9n);
  const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  return values.map((value) => value + Math.sqrt(times * square) * random.normal());
}

/** Values from a share of the rows on, until another; noise of the same size elsewhere. */
function from(begin: number, values: Float64Array, end = 1): Float64Array {
  const random = seededRandom(10n);
  const size = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  const inside = (row: number) => row >= begin * values.length && row < end * values.length;
  return values.map((value, row) => (inside(row) ? value : size * random.normal()));
}

function test(columns: readonly Column[], from: SimulatedPair = pair, { window = 45 } = {}) {
  const { matrix, bar, time, targets } = from.pairInput(config, columns);
  const candidates = columns.map((_, position) => position);
  const input = {
    matrix,
    candidates,
    bar,
    time,
    rows: ROWS,
    targetWindow: window,
    targets,
    honestShare: 0.01,
  };
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
    ['target', target(45), 'target', 45],
    ['rounded target', target(30).map((value) => Math.round(100 * value) / 100), 'target', 30],
    ['target with noise', noisy(target(105), 0.02), 'target', 105],
    ['unknown part', unknown(15).map((value) => -3 * value), 'unknown', 15],
    ['direction', target(60).map((value) => (value > 0 ? 1 : 0)), 'sign', 60],
    ['coming direction', unknown(30).map(Math.sign), 'unknown_sign', 30],
    [
      'target in two rows of five',
      target(75).map((v, row) => (row % 100 < 40 ? v : Number.NaN)),
      'target',
      75,
    ],
    ['target from the middle on', from(0.4, target(45)), 'target', 45],
  ])('refuses a column that holds the %s, and tells the horizon', (id, values, part, horizon) => {
    const { refused } = test([...honest, column(id, values)]);
    expect(Object.keys(refused)).toEqual([id]);
    const { code, facts } = refused[id]!;
    expect([code, facts.horizon]).toEqual(['leak', horizon]);
    expect([part, 'sign', 'unknown', 'unknown_sign']).toContain(facts.part);
    expect(facts.share).toBeGreaterThanOrEqual(facts.limit);
  });

  it.each([
    [
      'return over 90 bars of which 45 are to come',
      target(45).map((value, row) => value + pair.persistence[row]!),
    ],
    ['target with as much noise', noisy(target(60), 1)],
    ['target with twelve times as much noise', noisy(target(60), 12)],
    ['target, two thirds of it known, with half as much noise', noisy(target(15), 0.5)],
    [
      'direction, right four times of five',
      target(90).map((value, row) => (row % 5 === 0 ? -1 : 1) * Math.sign(value)),
    ],
    ['direction in one row of eight', target(45).map((value, row) => (row % 8 === 0 ? Math.sign(value) : 0))],
    ['target with twice the noise, from the middle on', from(0.4, noisy(target(45), 2))],
    ['target with as much noise, for a fifth of the time', from(0.2, noisy(target(45), 1), 0.4)],
  ])('calls a column suspicious that holds the %s', (id, values) => {
    const { refused, suspicious } = test([...honest, column(id, values)]);
    expect(refused).toEqual({});
    expect(Object.keys(suspicious)).toEqual([id]);
    const { code, facts } = suspicious[id]!;
    expect(code).toBe('suspicious_share');
    expect(facts.part).toMatch(/^unknown/);
    expect(facts.share).toBeGreaterThanOrEqual(facts.limit);
    expect(facts.limit).toBeGreaterThanOrEqual(0.01);
  });

  it('tells in which part of the period a leak is, and says "whole" of one that is always there', () => {
    const late = column('late', from(0.65, noisy(target(45), 0.5)));
    const always = column('always', noisy(target(45), 0.5));
    const { suspicious, refused } = test([...honest, late, always]);
    expect(refused).toEqual({});
    const { begin, end } = suspicious.late!.facts;
    expect(Date.parse(begin!)).toBeGreaterThan(pair.time[0.5 * ROWS]!);
    expect(Date.parse(end!)).toBeGreaterThan(pair.time[0.75 * ROWS]!);
    expect(suspicious.always!.facts).not.toHaveProperty('begin');
  });

  it('takes what the user holds for honest for honest', () => {
    const columns = [column('strong', noisy(target(45), 2))];
    const { matrix, bar, time, targets } = pair.pairInput(config, columns);
    const input = { matrix, candidates: [0], bar, time, rows: ROWS, targetWindow: 45, targets };
    expect(pairLeaks({ ...input, honestShare: 0.4 }).suspicious.size).toBe(0);
    expect(pairLeaks({ ...input, honestShare: 0.01 }).suspicious.size).toBe(1);
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
    const { matrix, bar, time, targets } = pair.pairInput(config, leak);
    const input = { matrix, candidates: [0], bar, time, rows: ROWS, targetWindow: 45, honestShare: 0.01 };
    const spoil = targets.map((one) => ({ ...one, target: one.target.map(spoilt(one.horizon)) }));
    expect(pairLeaks({ ...input, targets: spoil })).toEqual(pairLeaks({ ...input, targets }));
  });
});
