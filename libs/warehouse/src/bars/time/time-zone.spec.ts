import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorOf, readTimes } from '../../testing/read-bars.js';
import { readIso } from './choose-reader.js';
import { timeZone } from './time-zone.js';
import { wallTimesToUtc } from './to-utc.js';

describe('times in a zone', () => {
  it.each([
    ['UTC', '2024-07-01 12:00', '2024-07-01T12:00:00.000Z'],
    ['+05:30', '2024-07-01 12:00', '2024-07-01T06:30:00.000Z'],
    ['UTC-3', '2024-07-01 12:00', '2024-07-01T15:00:00.000Z'],
    ['Europe/Athens', '2024-01-01 12:00', '2024-01-01T10:00:00.000Z'],
    ['Europe/Athens', '2024-07-01 12:00', '2024-07-01T09:00:00.000Z'],
    ['europe/athens', '2024-07-01 12:00', '2024-07-01T09:00:00.000Z'],
    ['Etc/GMT+5', '2024-07-01 12:00', '2024-07-01T17:00:00.000Z'],
    ['Asia/Kathmandu', '1975-07-01 12:00', '1975-07-01T06:30:00.000Z'],
    // New York is at UTC-4 from 10 March 2024, Athens at UTC+3 from 31 March.
    ['America/New_York+7', '2024-03-08 12:00', '2024-03-08T10:00:00.000Z'],
    ['America/New_York+7', '2024-03-12 12:00', '2024-03-12T09:00:00.000Z'],
    ['Europe/Athens', '2024-03-12 12:00', '2024-03-12T10:00:00.000Z'],
    ['America/New_York+07:00', '2024-11-04 00:00', '2024-11-03T22:00:00.000Z'],
    ['America/New_York-1', '2024-07-01 12:00', '2024-07-01T17:00:00.000Z'],
    // Beyond the last rule that is looked up, but refused later as the future.
    ['Europe/Athens', '2200-01-01 12:00', '2200-01-01T10:00:00.000Z'],
  ])('%s: %s is %s', async (timeZone, text, expected) => {
    expect(await readTimes([text], { timeZone })).toEqual([expected]);
  });

  it('do not move when they say their offset', async () => {
    expect(await readTimes(['2024-07-01T12:00:00Z'], { timeZone: 'Europe/Athens' })).toEqual([
      '2024-07-01T12:00:00.000Z',
    ]);
    expect(await readTimes(['1706745600'], { timeZone: 'Europe/Athens' })).toEqual([
      '2024-02-01T00:00:00.000Z',
    ]);
  });

  it.each(['', 'Mars/Olympus', '+25', '+02:75', 'Europe/Athens+30', '+', 'Europe/Athens+'])(
    '%j is no zone',
    async (timeZone) => {
      expect(await errorOf(() => readTimes(['2024-07-01'], { timeZone }))).toContain('there is no time zone');
    },
  );
});

/** Wall times of a zone every so many minutes, and the instants they stand for. */
function clockOf(
  timeZone: string,
  from: string,
  minutes: number,
  bars: number,
): { walls: string[]; instants: string[] } {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const instants = Array.from({ length: bars }, (_, i) => new Date(Date.parse(from) + i * minutes * 60_000));
  return { walls: instants.map((at) => format.format(at)), instants: instants.map((at) => at.toISOString()) };
}

describe('the hour that clocks show twice', () => {
  const reading = { timeZone: 'America/New_York' };
  // Clocks go from 02:00 back to 01:00 on 3 November 2024 at 06:00 UTC.
  it.each([1, 5, 10, 15, 30, 60])('is told by the order of bars of %i minutes', async (minutes) => {
    const { walls, instants } = clockOf(
      'America/New_York',
      '2024-11-03T03:00:00Z',
      minutes,
      Math.ceil(300 / minutes),
    );
    expect(await readTimes(walls, reading)).toEqual(instants);
  });

  it('is told although bars are missing in it', async () => {
    const walls = [
      '2024-11-03 00:59',
      '2024-11-03 01:02',
      '2024-11-03 01:55',
      '2024-11-03 01:03',
      '2024-11-03 02:00',
    ];
    expect(await readTimes(walls, reading)).toEqual([
      '2024-11-03T04:59:00.000Z',
      '2024-11-03T05:02:00.000Z',
      '2024-11-03T05:55:00.000Z',
      '2024-11-03T06:03:00.000Z',
      '2024-11-03T07:00:00.000Z',
    ]);
  });

  it.each([
    ['one pass only', ['00:59', '01:00', '01:30', '01:59', '02:00'], 'line 3'],
    ['a single bar', ['00:00', '01:30', '03:00'], 'line 3'],
    ['two bars exchanged', ['01:00', '01:02', '01:01', '01:03'], 'line 2'],
    ['a bar doubled', ['01:00', '01:01', '01:01', '01:02'], 'line 2'],
  ])('is an error with %s', async (_what, clocks, line) => {
    const error = await errorOf(() =>
      readTimes(
        clocks.map((clock) => `2024-11-03 ${clock}`),
        reading,
      ),
    );
    expect(error).toContain(`${line} has a time that came twice in America/New_York`);
  });

  it.each([
    ['two steps back', ['01:50', '01:00', '01:50', '01:00'], 'line 5'],
    ['the newest bar first', ['02:30', '01:50', '01:40', '01:30', '00:50'], 'line 5'],
  ])('is not sorted with %s', async (_what, clocks, line) => {
    const error = await errorOf(() =>
      readTimes(
        clocks.map((clock) => `2024-11-03 ${clock}`),
        reading,
      ),
    );
    expect(error).toContain(`${line} is not sorted by time`);
  });
});

describe('the hour that clocks skip', () => {
  it.each(['2024-03-10 02:00', '2024-03-10 02:30', '2024-03-10 02:59:59'])('%s is an error', async (time) => {
    const error = await errorOf(() =>
      readTimes(['2024-03-10 01:59', time], { timeZone: 'America/New_York' }),
    );
    expect(error).toContain('line 3 has a time that did not exist in America/New_York');
  });

  it('is no gap for bars around it', async () => {
    const { walls, instants } = clockOf('America/New_York', '2024-03-10T06:30:00Z', 10, 10);
    expect(await readTimes(walls, { timeZone: 'America/New_York' })).toEqual(instants);
  });
});

describe('times of any zone', () => {
  const zones = [
    'America/New_York',
    'Europe/London',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'America/Sao_Paulo',
    'Africa/Casablanca',
    'Pacific/Apia',
    'America/Havana',
  ].map((name) => timeZone(name));

  it('are what a clock there showed, or told to have come twice', () => {
    const bars = fc.record({
      zone: fc.constantFrom(...zones),
      start: fc.integer({ min: Date.UTC(1971, 0) / 60_000, max: Date.UTC(2025, 0) / 60_000 }),
      step: fc.integer({ min: 1, max: 20_000 }),
    });
    let told = 0;
    fc.assert(
      fc.property(bars, ({ zone, start, step }) => {
        const { walls, instants } = clockOf(zone.name, new Date(start * 60_000).toISOString(), step, 20);
        const times = Float64Array.from(walls, (wall) => readIso(wall)!.micros);
        const change = wallTimesToUtc(times, times.length, zone);
        if (change !== undefined) expect(change.kind).toBe('repeated');
        else expect(Array.from(times, (time) => new Date(time / 1000).toISOString())).toEqual(instants);
        told += change === undefined ? 1 : 0;
      }),
      { numRuns: 500 },
    );
    expect(told).toBeGreaterThan(450);
  });
});
