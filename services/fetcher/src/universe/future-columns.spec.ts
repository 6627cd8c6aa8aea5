import { expect, it } from 'vitest';
import { FUTURE_COLUMN_PATTERNS, futurePattern } from './future-columns.js';

const patterns = FUTURE_COLUMN_PATTERNS.map((pattern) => new RegExp(pattern, 'i'));

it.each([
  'target_45',
  'target_bqx45_h15',
  'bqx_target',
  'eurusd_target_2880',
  'Targets',
  'target45',
  'future_return',
  'ret_fwd_15',
  'close_lead',
  'lead_3',
  'bqx_ahead',
])('%s holds the future', (name) => {
  expect(futurePattern(name, patterns)).toBeDefined();
});

it.each(['bqx_45', 'forecast_5_90', 'leading_edge', 'zscore_45', 'spread', 'targeting', 'lag_15', 'misled'])(
  '%s does not',
  (name) => {
    expect(futurePattern(name, patterns)).toBeUndefined();
  },
);
