import { expect, it } from 'vitest';
import { daysWithin, readDayCounts } from './day-counts.js';
import { partitionsView } from './partition-source.js';

const TABLE = { schema: 'analytics', name: 'targets_eurusd' };
const OTHER = { schema: 'analytics', name: 'targets_gbpusd' };
const DAY_MICROS = 86_400_000_000;
const read = (...rows: [string, string | null, string][]) =>
  readDayCounts(async () => rows, partitionsView('my-project'), [TABLE, OTHER]);

it('counts the rows of daily partitions of all tables in order, with one query', async () => {
  const sent: string[] = [];
  const days = await readDayCounts(
    async (sql) => {
      sent.push(sql);
      return [
        ['targets_eurusd', '20200103', '5'],
        ['targets_gbpusd', '20200102', '7'],
        ['targets_eurusd', '20200101', '1440'],
        ['targets_eurusd', '__UNPARTITIONED__', '0'],
      ];
    },
    partitionsView('my-project'),
    [TABLE, OTHER],
  );
  expect(sent).toEqual([expect.stringContaining("IN ('targets_eurusd', 'targets_gbpusd')")]);
  expect(Object.fromEntries(days)).toEqual({
    'analytics.targets_eurusd': [
      { day: '2020-01-01', rows: 1440 },
      { day: '2020-01-03', rows: 5 },
    ],
    'analytics.targets_gbpusd': [{ day: '2020-01-02', rows: 7 }],
  });
});

it.each([
  [null, 'is not partitioned'],
  ['202001', 'is not partitioned by day'],
  ['__NULL__', 'holds rows in the partition __NULL__'],
  ['__UNPARTITIONED__', 'holds rows in the partition __UNPARTITIONED__'],
])('tells of rows in the partition %s, of that table only', async (id, message) => {
  const days = await read(['targets_eurusd', '20200101', '7'], ['targets_eurusd', id, '1']);
  expect(days.get('analytics.targets_eurusd')).toMatchObject({ message: expect.stringContaining(message) });
  expect(days.get('analytics.targets_gbpusd')).toEqual([]);
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
