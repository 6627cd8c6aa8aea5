import { ApprovalMode, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import { expect, test } from 'vitest';
import { snapshot } from '../testing/scripted-fetcher.js';
import { TestStack } from '../testing/test-stack.js';
import { compareCatalogues, isUnchanged, parseCatalogue } from './catalogue-change.js';

const SHARED = { table: 'f.tri', columns: [['error', 'FLOAT64']] as [string, string][] };

test('tables, columns and types are compared over all pairs, shared tables once', () => {
  const of = (...tables: Parameters<typeof snapshot>[0]) => parseCatalogue(Buffer.from(snapshot(tables)));
  const before = [
    of(SHARED, {
      table: 'f.a',
      columns: [
        ['x', 'FLOAT64'],
        ['y', 'INT64'],
        ['z', 'BOOL'],
      ],
    }),
    of(SHARED, { table: 'f.gone', columns: [['x', 'FLOAT64']] }),
  ];
  const now = [
    of(SHARED, {
      table: 'f.a',
      columns: [
        ['x', 'FLOAT64'],
        ['y', 'FLOAT64'],
        ['w', 'BOOL'],
      ],
    }),
    of(SHARED, {
      table: 'f.new',
      columns: [
        ['p', 'FLOAT64'],
        ['q', 'FLOAT64'],
      ],
    }),
  ];
  const change = compareCatalogues(before, now);
  expect(change).toEqual({
    tablesAdded: ['f.new'],
    tablesRemoved: ['f.gone'],
    columnsAdded: ['f.a.w'],
    columnsRemoved: ['f.a.z'],
    typesChanged: [{ featureId: 'f.a.y', before: 'INT64', now: 'FLOAT64' }],
    columnsOfAddedTables: 2,
    columnsOfRemovedTables: 1,
  });
  expect(isUnchanged(change)).toBe(false);
  expect(isUnchanged(compareCatalogues(now, now))).toBe(true);
  expect(() => parseCatalogue(Buffer.from('{}'))).toThrow('cannot be read');
});

test('a plan is compared with the last approved one of the same universe, not with others', async () => {
  let tables = [SHARED];
  const stack = await TestStack.start({ catalogue: () => snapshot(tables) });
  try {
    const { client } = stack;
    const spec = { pairs: ['eurusd'], horizons: [15] };
    const plan = async (changes: Partial<RunSpec> = {}) =>
      (await callUnary(client, client.planRun, { spec: RunSpec.fromPartial({ ...spec, ...changes }) })).plan!;
    const runId = await stack.startRun({ ...spec, approvalMode: ApprovalMode.APPROVAL_MODE_MANUAL });
    const { plan: first } = await stack.reach(runId, 'RUN_STATE_AWAITING_APPROVAL');
    expect((await plan()).catalogueChange).toBeUndefined();
    const approval = { runId, planHash: first!.planHash, approvedBy: 'the chief', automatic: false };
    await callUnary(client, client.approveRun, approval);

    tables = [SHARED, { table: 'f.new', columns: [['p', 'FLOAT64']] }];
    const changed = { runId, approvedBy: 'the chief', pairs: ['eurusd'], tablesAdded: ['f.new'] };
    expect((await plan({ pairs: ['eurusd', 'gbpusd'] })).catalogueChange).toMatchObject(changed);
    expect((await plan({ pairs: ['gbpusd'] })).catalogueChange).toBeUndefined();
    expect((await plan()).planHash).not.toBe(first!.planHash);
    const universe = { groups: [], exclude: ['x_*'], future: [] };
    expect((await plan({ universe })).catalogueChange).toBeUndefined();
    const next = await stack.startRun({ ...spec, approvalMode: ApprovalMode.APPROVAL_MODE_MANUAL });
    const stored = await stack.reach(next, 'RUN_STATE_AWAITING_APPROVAL');
    expect(stored.plan!.catalogueChange).toMatchObject(changed);
  } finally {
    await stack.close();
  }
});
