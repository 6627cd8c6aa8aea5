import { expect, it } from 'vitest';
import { CatalogueChange } from '../generated/onescan/v1/plan.js';
import { formatCatalogueChange } from './catalogue-change.js';

const SINCE = {
  runId: 'r-1',
  approvedBy: 'the chief',
  approvedAt: { seconds: BigInt(Date.UTC(2026, 10, 20, 14) / 1000), nanos: 0 },
};

it('counts tables with their columns, columns and changed types, with some names', () => {
  const change = CatalogueChange.fromPartial({
    ...SINCE,
    tablesAdded: Array.from({ length: 207 }, (_, i) => `f.t${i}`),
    columnsOfAddedTables: 3011,
    columnsRemoved: ['f.a.x', 'f.a.y', 'f.b.z'],
    typesChanged: [{ featureId: 'f.a.w', before: 'INT64', now: 'FLOAT64' }],
  });
  expect(formatCatalogueChange(change)).toBe(
    'Tables and columns since the plan approved on 2026-11-20 14:00 by the chief (run r-1): ' +
      '+207 tables of 3,011 columns (f.t0, f.t1, f.t2, ...); -3 columns (f.a.x, f.a.y, f.b.z); ' +
      '1 changed type (f.a.w INT64 to FLOAT64).',
  );
});

it('says that nothing changed', () => {
  expect(formatCatalogueChange(CatalogueChange.fromPartial(SINCE))).toBe(
    'Tables and columns are those of the plan approved on 2026-11-20 14:00 by the chief (run r-1).',
  );
});
