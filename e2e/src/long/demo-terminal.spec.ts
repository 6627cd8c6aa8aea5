import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasPseudoTerminals, PseudoTerminal } from '@onescan/cli/testing/pseudo-terminal.js';
import { expect, it } from 'vitest';

it.skipIf(!hasPseudoTerminals())(
  'Ctrl-C cancels the run of the demo, stops its stack and says so',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'onescan-demo-'));
    const screen = new PseudoTerminal(['demo', '--pairs', 'usdjpy'], { cwd: folder, columns: 110 });
    try {
      await screen.until(/usdjpy: fetch/, 120_000);
      screen.pressCtrlC();
      expect(await screen.end()).toBe(130);
      expect(screen.text()).toMatch(/Run \S+ is cancelled/);
      expect(screen.text().trimEnd().split('\n').at(-1)).toBe('onescan: interrupted');
    } finally {
      screen.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
