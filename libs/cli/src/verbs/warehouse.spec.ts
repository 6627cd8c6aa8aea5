import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../run-cli.js';
import { fakeTerminal } from '../testing/fake-terminal.js';

vi.setConfig({ testTimeout: 60_000 });

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

  it('reads an export in the zone that is given, and refuses it without', async () => {
    const bars = join(folder, 'bars');
    mkdirSync(bars);
    const lines = Array.from({ length: 3000 }, (_, i) => {
      const [day, time] = new Date(Date.UTC(2024, 2, 1) + i * 3_600_000).toISOString().split('T');
      return `${day!.replaceAll('-', '.')},${time!.slice(0, 5)},1.1,1.2,1.0,1.15,5`;
    });
    // The hour that New York's clocks skip, seven hours later.
    const skipped = lines.filter((line) => !line.startsWith('2024.03.10,09:'));
    writeFileSync(join(bars, 'eurusd.csv'), `${skipped.join('\r\n')}\r\n`);
    const flags = ['--bars', 'bars', '--out', 'read', '--bars-format', 'mt4'];
    const without = await build(...flags);
    expect(without).toMatchObject({ code: 2 });
    expect(without.notes).toContain('--bars-format mt4 needs --time-zone');
    expect(existsSync(join(folder, 'read'))).toBe(false);
    expect(await build(...flags, '--time-zone', 'America/New_York+7')).toMatchObject({ code: 0 });
    const manifest = JSON.parse(readFileSync(join(folder, 'read', 'warehouse.json'), 'utf8'));
    expect(manifest.firstTime).toBe('2024-02-29T22:00:00Z');
  });

  it.each([
    ['--bars-format', 'mt6'],
    ['--time-format', '%d.%m'],
    ['--time-zone', 'Mars'],
  ])('refuses %s %s', async (flag, value) => {
    const { code, notes } = await build('--bars', '.', '--out', 'bad', flag, value);
    expect(code).toBe(2);
    expect(notes).toContain(flag);
    expect(await build('--simulate', '--out', 'bad', flag, value)).toMatchObject({ code: 2 });
  });
});
