import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PAIRS } from '@onescan/contract/pair.js';
import { expect, it } from 'vitest';
import { renderReport } from '../report/render-report.js';
import { wideReport } from '../testing/wide-report.js';

const HORIZONS = [15, 30, 45, 60, 75, 90, 105];
const MOST_BYTES = 10e6;
/** Of wall time, on two quiet cores. */
const MOST_MS = 2_000;

const CHROMIUM = 'chromium';
const hasBrowser = spawnSync(CHROMIUM, ['--version'], { stdio: 'ignore' }).status === 0;

it('the report of 28 pairs, 7 horizons and 6,477 features has less than 10 MB', async () => {
  const report = await renderReport(wideReport(PAIRS, HORIZONS, 6_477));
  expect(report).not.toContain('could not be drawn');
  expect(report.match(/ rows scored, /g)).toHaveLength(PAIRS.length * HORIZONS.length);
  expect(Buffer.byteLength(report)).toBeLessThan(MOST_BYTES);
});

// Shown as skipped where there is no browser.
it.skipIf(!hasBrowser)('and opens within two seconds', { retry: 2 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-wide-report-'));
  try {
    // The page itself says when it was loaded: its policy takes this one more script.
    const marked = (await renderReport(wideReport(PAIRS, HORIZONS, 6_477)))
      .replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '')
      .replace(
        '</body>',
        `<script>addEventListener('load', () => setTimeout(() => { document.title = 'loaded in ' + Math.round(performance.getEntriesByType('navigation')[0].loadEventEnd) + ' ms'; }));</script></body>`,
      );
    const path = join(folder, 'report.html');
    writeFileSync(path, marked);
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}/profile`];
    const { stdout } = spawnSync(
      CHROMIUM,
      [...flags, '--virtual-time-budget=60000', '--dump-dom', pathToFileURL(path).href],
      {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      },
    );
    const [, took] = /<title>loaded in (\d+) ms<\/title>/.exec(stdout) ?? [];
    expect(Number(took)).toBeGreaterThan(0);
    expect(Number(took)).toBeLessThan(MOST_MS);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
