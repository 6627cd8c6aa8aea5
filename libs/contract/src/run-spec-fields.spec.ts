import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type ApprovalMode, RunSpec } from './generated/onescan/v1/spec.js';
import { resolveRunSpec, runSpecFromJson, runSpecTable, SPEC_ROWS, specField } from './run-spec.js';

/** Paths of all fields of the message, from its encoder; groups and the like are values, not parts. */
function messageFields(): string[] {
  const parts = ['universe', 'period', 'sample'] as const;
  const full = RunSpec.fromPartial({
    universe: { expectedColumns: 1 },
    period: {},
    sample: { rows: 1, seed: 1n },
    targetWindow: 1,
    budgetUsd: 1,
    maxWorkers: 1,
    memoryPerWorkerBytes: 1n,
    seed: 1n,
  });
  return Object.entries(full).flatMap(([key, value]) =>
    (parts as readonly string[]).includes(key)
      ? Object.keys(value as object).map((field) => `${key}.${field}`)
      : [key],
  );
}

it('has a row for every field of the message, and no other', () => {
  expect(SPEC_ROWS.map(([path]) => path).sort()).toEqual(messageFields().sort());
});

it('docs/run-spec.md holds the table', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/run-spec.md'), 'utf8');
  expect(page).toContain(`\n${runSpecTable()}\n\n`);
});

it.each(SPEC_ROWS)('%s: a flag or a reason why there is none, a default, a form in files', (path, row) => {
  expect('usage' in row.flag ? row.flag.usage : row.flag.none).not.toBe('');
  expect(row.default ?? row.unset).toBeDefined();
  const resolved = resolveRunSpec(RunSpec.fromPartial({}));
  if (row.default !== undefined) expect(specField(resolved, path)).toEqual(row.default);
  for (const [word, value] of Object.entries(row.words ?? {})) {
    const file = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), word);
    expect(specField(runSpecFromJson(file), path)).toBe(value);
  }
});

it('refuses an enum that is none, by the words that there are', () => {
  expect(() => resolveRunSpec(RunSpec.fromPartial({ approvalMode: 9 as ApprovalMode }))).toThrow(
    expect.objectContaining({ remedy: 'Allowed: one of manual, within-budget' }),
  );
});
