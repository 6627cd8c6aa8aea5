import { describe, expect, it } from 'vitest';
import { calendarSums, MOST_CELLS } from './calendar-sums.js';

const DAY = 86_400_000;
const START = Date.UTC(2024, 0, 3, 7, 30);

describe('calendarSums', () => {
  it('adds up whole cells of the calendar, the shortest of which there are not too many', () => {
    const time = Float64Array.from({ length: 400 }, (_, k) => START + k * DAY);
    const { cell, first, sums } = calendarSums(time, { gain: time.map((_, row) => row) });
    expect(cell).toBe(DAY);
    expect(first).toBe(Math.floor(START / DAY));
    expect(sums.gain.length).toBe(400);
    expect(sums.gain[399]).toBe(399);
  });

  it('gives cells that fall into those of a longer sample', () => {
    const influence = (rows: number) => new Float64Array(rows).fill(1);
    const short = calendarSums(
      Float64Array.from({ length: 300 }, (_, k) => START + 60_000 * k),
      { gain: influence(300) },
    );
    const long = calendarSums(
      Float64Array.from({ length: 9000 }, (_, k) => START + 600_000 * k),
      { gain: influence(9000) },
    );
    expect(short.cell).toBe(60_000);
    expect(long.cell % short.cell).toBe(0);
    expect(long.sums.gain.length).toBeLessThanOrEqual(MOST_CELLS);
    expect(long.sums.gain.reduce((sum, own) => sum + own, 0)).toBe(9000);
  });
});
