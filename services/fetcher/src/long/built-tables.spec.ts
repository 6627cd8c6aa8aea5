import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWarehouse } from '@onescan/warehouse/build-warehouse.js';
import { afterAll, expect, it, vi } from 'vitest';
import { tableText } from '../catalogue/catalogue.js';
import { openWarehouse, planTiny } from '../fixtures/plan-and-fetch.js';
import { FEATURES, TARGETS } from '../fixtures/small-warehouse.js';
import { changeDatabase } from '../fixtures/tiny-warehouse.js';

vi.setConfig({ testTimeout: 120_000 });

const root = mkdtempSync(join(tmpdir(), 'onescan-built-'));
afterAll(() => rmSync(root, { recursive: true }));

it('two builds from the same bars have the same datasets, and only what is changed then differs', async () => {
  const build = async (name: string, threads: number): Promise<string> => {
    const bars = { kind: 'simulation', seed: 5n, bars: 3200 } as const;
    const out = join(root, name);
    await buildWarehouse({ bars, out, universe: 'small', pairs: ['eurusd'], threads });
    return out;
  };
  const [one, two] = [await build('one', 1), await build('two', 2)];
  const versions = async (folder: string): Promise<Map<string, string | undefined>> => {
    const wanted = ({ schema }: { schema: string }): boolean => schema === FEATURES || schema === TARGETS;
    const { tables } = await openWarehouse(folder).readCatalogue(wanted);
    return new Map(tables.map((table) => [tableText(table), table.version]));
  };
  const built = await versions(one);
  expect(await versions(two)).toEqual(built);
  expect(new Set(built.values()).size).toBe(1);
  const datasetOf = async (folder: string) => (await planTiny(openWarehouse(folder))).datasetId;
  expect(await datasetOf(two)).toBe(await datasetOf(one));

  await changeDatabase(two, [`UPDATE ${FEATURES}.agg_eurusd SET ${await firstFeature(two)} = 7`]);
  const changed = [...(await versions(two))].filter(([id, version]) => version !== built.get(id));
  expect(changed.map(([id]) => id)).toEqual([`${FEATURES}.agg_eurusd`]);
  expect(await datasetOf(two)).not.toBe(await datasetOf(one));
});

async function firstFeature(folder: string): Promise<string> {
  const { tables } = await openWarehouse(folder).readCatalogue(() => false);
  return tables.find(({ name }) => name === 'agg_eurusd')!.columns[1]!.name;
}
