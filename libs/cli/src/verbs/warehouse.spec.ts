import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../run-cli.js';
import { fakeTerminal } from '../testing/fake-terminal.js';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-cli-warehouse-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const build = async (...flags: string[]): Promise<{ code: number; notes: string }> => {
  const terminal = fakeTerminal({ cwd: folder });
  const code = await runCli(
    ['warehouse', 'build', '--universe', 'small', '--pairs', 'eurusd', ...flags],
    terminal,
  );
  return { code, notes: terminal.notes.join('\n') };
};

describe('warehouse build', () => {
  it.each([
    ['a question mark', 'what?/w', 'has a "?" in its path'],
    ['an address', 's3://bucket/w', 'is an address'],
    ['nothing', '', '--out is empty'],
  ])('refuses %s in --out before any work', async (_what, out, reason) => {
    const { code, notes } = await build('--simulate', '--out', out);
    expect(code).toBe(2);
    expect(notes).toContain(reason);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses an address in --bars', async () => {
    const { code, notes } = await build('--bars', 's3://bucket/bars', '--out', 'w');
    expect(code).toBe(2);
    expect(notes).toContain('--bars is an address');
    expect(existsSync(join(folder, 'w'))).toBe(false);
  });
});
