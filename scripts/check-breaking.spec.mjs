import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkBreaking } from './check-breaking.mjs';
import { ROOT } from './workspace.mjs';

let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'onescan-breaking-'));
  for (const name of ['buf.yaml', 'proto']) cpSync(join(ROOT, name), join(root, name), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

function edit(from, to) {
  const path = join(root, 'proto/onescan/v1/spec.proto');
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

it('a field that is added breaks nobody', async () => {
  edit('string pilot_pair = 9;', 'string pilot_pair = 9;\n  optional string note = 90;');
  expect(await checkBreaking(root)).toBe(true);
}, 60_000);

it.each([
  ['of another type', 'string pilot_pair = 9;', 'bytes pilot_pair = 9;'],
  ['of another name', 'string pilot_pair = 9;', 'string pilot = 9;'],
  ['that is gone', 'string pilot_pair = 9;', ''],
])(
  'a field %s is told',
  async (_what, from, to) => {
    edit(from, to);
    expect(await checkBreaking(root)).toBe(false);
  },
  60_000,
);
