import { describe, expect, it } from 'vitest';
import { keyMatch } from './key-match.js';

const MINUTE = 60_000_000;
const HOUR = 60 * MINUTE;
/** Eight days of minutes from a Wednesday on: closed from Friday 22 h to Sunday 22 h. */
const targets = Float64Array.from(
  Array.from({ length: 8 * 1440 }, (_, minute) => minute).filter((minute) => {
    const hours = minute / 60;
    return hours < 2 * 24 + 22 || hours >= 4 * 24 + 22;
  }),
  (minute) => 1.6e15 + minute * MINUTE,
);
const moved = (by: number) => targets.map((key) => key + by);
let state = 1;
const uniform = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
};

describe('keyMatch', () => {
  it.each<[string, Float64Array, number]>([
    ['the same keys', targets, 0],
    ['a tenth of them missing', targets.filter(() => uniform() > 0.1), 0.1],
    ['every fifteenth of them', targets.filter((_, k) => k % 15 === 0), 14 / 15],
    ['those of half of the time', targets.slice(0, targets.length / 2), 0],
    ['those of another session', targets.filter((key) => (key / HOUR) % 24 < 12), 0.5],
    ['keys on Saturdays too', Float64Array.from({ length: 8 * 1440 }, (_, k) => 1.6e15 + k * MINUTE), 0],
  ])('takes %s for what they are', (_name, table, missed) => {
    const found = keyMatch(targets, table)!;
    expect(found.shiftMicros).toBeUndefined();
    expect(found.missed).toBeCloseTo(missed, 1);
  });

  it.each([
    ['30 seconds', 0.5 * MINUTE, 1],
    ['a second less', -MINUTE / 60, 1],
    ['an hour', HOUR, 0.01],
    ['an hour less', -HOUR, 0.01],
    ['five hours and a half', 5.5 * HOUR, 0.05],
    ['seven hours and 10 seconds less', -7 * HOUR - MINUTE / 6, 1],
  ])('names keys that are %s later', (_name, by, missed) => {
    const found = keyMatch(targets, moved(by))!;
    expect(found.shiftMicros).toBe(by);
    expect(Math.abs(found.missed - missed)).toBeLessThan(0.05);
  });

  it('names a shift beside missing keys', () => {
    const table = moved(2 * HOUR).filter(() => uniform() > 0.01);
    expect(keyMatch(targets, table)!.shiftMicros).toBe(2 * HOUR);
  });

  it('says nothing of few keys', () => {
    expect(keyMatch(targets.slice(0, 40), targets)).toBeUndefined();
    expect(keyMatch(targets, new Float64Array())).toBeUndefined();
  });
});
