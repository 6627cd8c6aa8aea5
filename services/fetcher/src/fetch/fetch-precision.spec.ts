import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type FetchedValues, fetchTiny, openWarehouse, planTiny } from '../fixtures/plan-and-fetch.js';
import { BARS, buildSmallWarehouse, FEATURES } from '../fixtures/small-warehouse.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const ROWS = 3000;
const START_NS = 1_577_836_800n * 1_000_000_000n;
/** SQL of a column from a bar's number i, and what of it must arrive. */
const COLUMNS: Readonly<Record<string, { sql: string; wanted: (i: number) => number }>> = {
  far: { sql: '1e9::DOUBLE + i / 7.0::DOUBLE', wanted: (i) => 1e9 + i / 7 },
  negative: { sql: '-1e12::DOUBLE - i / 7.0::DOUBLE', wanted: (i) => -1e12 - i / 7 },
  tiny: { sql: '1e-50::DOUBLE * (i + 1)', wanted: (i) => 1e-50 * (i + 1) },
  huge: { sql: '1e300::DOUBLE * (i + 1)', wanted: (i) => 1e300 * (i + 1) },
  micro: { sql: '(1100000000 + i)::BIGINT', wanted: (i) => 1_100_000_000 + i },
  nanos: {
    sql: `(${START_NS} + i::BIGINT * 60000000000)::BIGINT`,
    wanted: (i) => Number(START_NS + BigInt(i) * 60_000_000_000n),
  },
  id: { sql: '(1152921504606846976::HUGEINT + i * 4096)', wanted: (i) => 2 ** 60 + 4096 * i },
  money: {
    sql: '(123456789.0 + i / 1000.0)::DECIMAL(18,3)',
    wanted: (i) => Number((123_456_789 + i / 1000).toFixed(3)),
  },
  volume: { sql: 'sum(i % 97 + 16777216) OVER (ORDER BY i)::DOUBLE', wanted: () => Number.NaN },
  plain: { sql: 'i / 7.0::DOUBLE', wanted: (i) => Math.fround(i / 7) },
};

let folder: string;
let fetched: FetchedValues;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-precision-'));
  const columns = Object.entries(COLUMNS).map(([name, { sql }]) => `${sql} AS ${name}`);
  const built = await buildSmallWarehouse(join(folder, 'warehouse'), [
    `CREATE TABLE ${FEATURES}.odd_eurusd AS SELECT TIMESTAMP '2020-01-01' + to_minutes(i) AS interval_time, ${columns.join(', ')} FROM range(${BARS}) t(i)`,
  ]);
  const warehouse = openWarehouse(built);
  fetched = await fetchTiny(
    warehouse,
    await planTiny(warehouse, { sample: { rows: ROWS } }),
    join(folder, 'cache'),
  );
  await warehouse.close();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(Object.keys(COLUMNS))(
  'every value of %s arrives as the warehouse has it, as far as a double can tell',
  (name) => {
    const { values, time } = fetched;
    const column = values.get(`odd_eurusd.${name}`)!;
    const bars = Array.from(time, (ms) => (ms - Date.UTC(2020, 0, 1)) / 60_000);
    expect(new Set(column).size).toBe(time.length);
    if (name === 'volume') return;
    expect(Array.from(column)).toEqual(bars.map(COLUMNS[name]!.wanted));
  },
);
