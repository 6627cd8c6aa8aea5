import { expect, it } from 'vitest';
import { matchesGlob } from './glob.js';

it.each([
  ['tri_*', 'tri_agg_eur', true],
  ['tri_*', 'atri_agg', false],
  ['*eurusd*', 'cov_eurusd_gbpusd', true],
  ['mkt_v?x', 'mkt_vix', true],
  ['mkt_v?x', 'mkt_vx', false],
  ['a.b', 'axb', false],
  ['mom_*.roc', 'mom_eurusd.roc', true],
])('%s on %s: %s', (glob, text, matches) => {
  expect(matchesGlob(glob, text)).toBe(matches);
});
