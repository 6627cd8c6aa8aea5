import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { resolveRunSpec } from '@onescan/contract/run-spec.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_WAREHOUSE_NAMES as names } from '../catalogue/warehouse-names.js';
import { buildTinyWarehouse } from '../fixtures/tiny-warehouse.js';
import { planPair } from '../planning/plan-pair.js';
import { cancellable } from './cancellable-view.js';
import { EmbeddedWarehouse } from './embedded/embedded-warehouse.js';

let folder: string;
let warehouse: EmbeddedWarehouse;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-cancellable-'));
  const tiny = await buildTinyWarehouse(join(folder, 'wh'));
  const tempFolder = join(folder, 'tmp');
  warehouse = new EmbeddedWarehouse({ folder: tiny, names, tempFolder, memoryLimit: '512MB' });
});
afterAll(async () => {
  await warehouse?.close();
  rmSync(folder, { recursive: true, force: true });
});

it.each([1, 2, 3])('planning stops at question %d when its caller has gone', async (last) => {
  const abort = new AbortController();
  const asked: PropertyKey[] = [];
  const counted = new Proxy(warehouse, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        asked.push(name);
        if (asked.length === last) abort.abort();
        return value.apply(target, args) as unknown;
      };
    },
  });
  const spec = resolveRunSpec(RunSpec.fromPartial({ pairs: ['eurusd'], sample: { rows: 500 } }));
  const plan = planPair(cancellable(counted, abort.signal), 'eurusd', spec, { names, futurePatterns: [] });
  await expect(plan).rejects.toMatchObject({ name: 'AbortError' });
  expect(asked).toHaveLength(last);
});
