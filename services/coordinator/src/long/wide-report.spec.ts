import { PAIRS } from '@onescan/contract/pair.js';
import { expect, it } from 'vitest';
import { renderReport } from '../report/render-report.js';
import { wideReport } from '../testing/wide-report.js';

// How it opens in a browser is looked at by e2e/src/long/report.spec.ts.
const HORIZONS = [15, 30, 45, 60, 75, 90, 105];
const MOST_BYTES = 10e6;

it('the report of 28 pairs, 7 horizons and 6,477 features has less than 10 MB', async () => {
  const report = await renderReport(wideReport(PAIRS, HORIZONS, 6_477));
  expect(report).not.toContain('could not be drawn');
  expect(report.match(/ rows scored, /g)).toHaveLength(PAIRS.length * HORIZONS.length);
  expect(Buffer.byteLength(report)).toBeLessThan(MOST_BYTES);
});
