import { expect, it } from 'vitest';
import { partitionsView } from './partition-source.js';
import { readPartitionSpans } from './partition-spans.js';

const tables = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ schema: 'features', name: `t${i}` }));
const micros = (text: string) => Date.parse(text) * 1000;

it('spans partitions of every size to the start of the one after the last', async () => {
  const rows = [
    ['t0', '20200105', '20201231'],
    ['t1', '202002', '202112'],
    ['t2', '2019', '2020'],
    ['t3', '2020010100', '2020010223'],
    ['t4', null, null],
  ];
  const spans = await readPartitionSpans(async () => rows, partitionsView('my-project'), tables(5));
  expect(Object.fromEntries(spans)).toEqual({
    'features.t0': { minKey: micros('2020-01-05'), maxKey: micros('2021-01-01') },
    'features.t1': { minKey: micros('2020-02-01'), maxKey: micros('2022-01-01') },
    'features.t2': { minKey: micros('2019-01-01'), maxKey: micros('2021-01-01') },
    'features.t3': { minKey: micros('2020-01-01'), maxKey: micros('2020-01-03') },
  });
});

it('asks once for a thousand tables, and never for a name that would end its quotes', async () => {
  const sent: string[] = [];
  const ask = async (sql: string) => {
    sent.push(sql);
    return [];
  };
  await readPartitionSpans(ask, partitionsView('my-project'), [
    ...tables(1001),
    { schema: 'features', name: "t') OR ('1" },
  ]);
  expect(sent.map((sql) => sql.match(/'t\d+'/g)?.length)).toEqual([1000, 1]);
  expect(sent.join()).not.toContain(') OR (');
});
