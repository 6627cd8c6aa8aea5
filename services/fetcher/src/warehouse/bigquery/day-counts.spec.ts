import { expect, it } from 'vitest';
import { daysWithin, readDayCounts } from './day-counts.js';

const TABLE = { schema: 'analytics', name: 'targets_eurusd' };
const DAY_MICROS = 86_400_000_000;
const read = (...rows: [string | null, string][]) => readDayCounts(async () => rows, 'my-project', TABLE);

it('counts the rows of daily partitions in order', async () => {
  expect(await read(['20200103', '5'], ['20200101', '1440'], ['__UNPARTITIONED__', '0'])).toEqual([
    { day: '2020-01-01', rows: 1440 },
    { day: '2020-01-03', rows: 5 },
  ]);
});

it.each([
  [null, 'is not partitioned'],
  ['202001', 'is not partitioned by day'],
  ['__NULL__', 'holds rows in the partition __NULL__'],
  ['__UNPARTITIONED__', 'holds rows in the partition __UNPARTITIONED__'],
])('refuses rows in the partition %s', async (id, message) => {
  await expect(read(['20200101', '7'], [id, '1'])).rejects.toThrow(message);
});

it('takes the days of a range, whole days only', () => {
  const days = ['1970-01-01', '1970-01-02', '1970-01-03'].map((day) => ({ day, rows: 1 }));
  const within = (range: Parameters<typeof daysWithin>[1]) => daysWithin(days, range).map(({ day }) => day);
  expect(within({})).toHaveLength(3);
  expect(within({ from: DAY_MICROS, to: 2 * DAY_MICROS })).toEqual(['1970-01-02']);
  expect(within({ days: ['1970-01-03'] })).toEqual(['1970-01-03']);
  expect(within({ from: 1, to: 3 * DAY_MICROS - 1 })).toEqual(['1970-01-02']);
  expect(within({ to: 1 })).toEqual([]);
});
