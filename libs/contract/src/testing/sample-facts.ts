import { PilotReport } from '../generated/onescan/v1/coordinator.js';
import type { ReasonCode, ReasonFacts } from '../reasons/reason.js';

const scored = { horizon: 45, accuracy: 0.6123, baseline: 'overlap_logistic', baselineAccuracy: 0.6 };
const known = { horizon: 90, accuracy: 0.5, baseline: 'linear_bqx', baselineAccuracy: 0.4995 };
const unseen = { detectableGain: 0.0041, detectableAuc: 0.5273 };
const counted = { tests: 196, tested: 150, skill: 2, expectedFalse: 1.96, familyLevel: 0.05 };
const closes = { column: 'base_eurusd.close', table: 'base_eurusd' };

/** Facts of every code, more than one where sentences differ by more than their figures; for tests. */
export const SAMPLE_FACTS: { readonly [C in ReasonCode]: readonly ReasonFacts<C>[] } = {
  unspecified: [{ text: 'what an older version said' }],

  future_name: [{ pattern: '(^|_)target' }],
  future_lineage: [{ why: 'cut-offs over the whole history' }],
  point_in_time: [{ type: 'TIMESTAMP' }],
  not_a_number: [{ type: 'STRING' }],
  too_many_texts: [{ type: 'VARCHAR', limit: 64 }],
  name_differs_in_case: [{ other: 'mom_eurusd.roc' }],
  same_as_target: [{ horizon: 15 }],
  follows_later_target: [{ bars: 30 }],
  unreadable_column: [{ problem: 'its name cannot stand in a statement' }],
  keyless_table: [{ key: 'interval_time' }, { key: 'interval_time', type: 'DATE' }],
  unreadable_table: [{ problem: 'holds a key of infinity' }],
  refused_table: [{ refusal: 'complexity' }, { refusal: 'length' }, { refusal: 'tables' }],

  no_value: [{}],
  constant: [{}],
  missing_values: [{ share: 0.9125, limit: 0.9 }],
  nearly_constant: [{ share: 0.9951, limit: 0.99 }],
  same_values: [{ feature: 'mkt_flow.net' }],
  nearly_same_values: [{ feature: 'mkt_flow.net', correlation: -0.98765, limit: 0.95 }],

  leak: [
    { part: 'target', horizon: 45, share: 0.9971, limit: 0.9 },
    { part: 'unknown_sign', horizon: 15, share: 0.93, limit: 0.9 },
  ],
  refused_suspect: [{ part: 'unknown', horizon: 45, share: 0.031, limit: 0.01 }],
  refused_sister: [{ feature: 'agg_eurusd.mean_45' }],
  unstable: [{ shares: { curvature: 0.03, 'elastic-net': 0.12 } }],
  stable_beyond_limit: [{ shares: { 'elastic-net': 0.97 }, limit: 60 }],
  rare_gain: [{ share: 0.2 }],
  gain_beyond_limit: [{ share: 0.8, limit: 60 }],
  too_few_candidates: [{ candidates: 1 }],

  stable: [{ shares: { curvature: 0.61, 'elastic-net': 1 } }],
  gain: [{ share: 0.8 }],
  interaction: [{ share: 0.66 }],
  product: [{ share: 0.66 }],

  suspicious_share: [
    { part: 'unknown', horizon: 45, share: 0.468, limit: 0.25 },
    { part: 'unknown_sign', horizon: 45, share: 0.31, limit: 0.25 },
    {
      part: 'unknown',
      horizon: 45,
      share: 0.024,
      limit: 0.012,
      begin: '2020-03-09T00:00:00.000Z',
      end: '2020-09-30T23:59:00.000Z',
    },
    { part: 'unknown', horizon: 45, share: 0.13, limit: 0.12, hour: 8 },
    { part: 'unknown', horizon: 45, share: 0.09, limit: 0.07, weekday: 1, missing: true },
    { part: 'unknown_sign', horizon: 45, share: 0.05, limit: 0.03, moves: 'small' },
    { part: 'unknown', horizon: 45, share: 0.021, limit: 0.01, columns: 50 },
  ],
  suspicious_table: [{ feature: 'agg_eurusd.mean_45' }],
  beyond_doubles: [{ type: 'BIGINT', gap: 1024 }],

  skill: [{ ...scored, gain: 0.0319, gainLow: 0.0118 }],
  suspect_features: [
    { ...scored, gain: 0.0319, gainLow: 0.0118, suspects: 1 },
    { ...scored, gain: 0.0319, gainLow: 0.0118, suspects: 2 },
  ],
  suspect_edge: [{ ...scored, gain: 0.0319, gainLow: 0.0118, edge: 0.2114, limit: 0.0798 }],
  no_skill: [known, { ...known, ...unseen }],
  no_feature: [{ ...scored, ...unseen }],
  worse: [{ ...scored, ...unseen, gain: -0.0246, gainHigh: -0.0031 }],
  size_only: [scored],
  weak_edge: [{ ...scored, edge: 0.0412 }],
  run_skill: [
    { ...counted, skill: 9, adjusted: 4 },
    { ...counted, skill: 1, adjusted: 1 },
  ],
  run_no_skill: [counted],
  run_untested: [{ tests: 14 }],
  overlap_unknown: [scored],
  few_rows: [{ ...scored, rows: 249, least: 300 }],
  few_blocks: [{ ...scored, blocks: 8, least: 10 }],

  split_statements: [
    {
      statements: 3,
      exceeded: [{ limit: 'columns', size: 11_349, most: 10_000 }],
      refusals: ['complexity'],
      againBytes: 1024 ** 3,
      againUsd: 0.0061,
    },
    { statements: 2, exceeded: [], refusals: ['resources'] },
  ],
  table_refused: [{ table: 'features.view_x', columns: 3, refusal: 'columns' }],
  table_without_key: [
    { table: 'mkt_x', columns: 1, key: 'interval_time' },
    { table: 'mkt_x', columns: 4, key: 'interval_time', type: 'DATE' },
  ],
  table_that_cannot_be_read: [{ table: 'mkt_x', columns: 4, problem: 'cannot be read: no such file' }],
  table_without_rows: [{ table: 'mkt_x' }],
  partial_coverage: [{ table: 'mkt_x', from: '2020-01-01T00:00:00.000Z', to: '2020-06-01T00:00:00.000Z' }],
  keys_shifted: [
    { table: 'mkt_x', seconds: 30, missed: 1 },
    { table: 'mkt_x', seconds: -19_800, missed: 0.0123 },
  ],
  keys_missed: [{ table: 'mkt_x', missed: 0.9 }],
  coverage_unknown_before_the_fetch: [{ tables: 1, first: ['mkt_x'] }],
  table_in_several_groups: [{ table: 'mkt_x', groups: ['mkt', 'all'] }],
  tables_outside_all_groups: [{ tables: 7, first: ['a', 'b', 'c', 'd', 'e'] }],
  group_without_tables: [{ group: 'csi' }],
  rare_family: [{ pair: 'eurusd', tables: ['x_eurusd', 'y_eurusd'] }],
  columns_removed: [{ columns: 1234 }],
  names_differ_in_case: [{ feature: 'mom_EURUSD.roc', other: 'mom_eurusd.roc' }],
  lineage_rule_without_columns: [{ columns: 'regmie_*' }],
  target_not_stored: [{ table: 'targets.targets_eurusd', column: 'target_bqx45_h90' }],
  no_overlap_baseline: [
    { problem: 'missing', pair: 'eurusd', column: 'base_eurusd.close' },
    { problem: 'not_a_number', type: 'VARCHAR', ...closes },
    { problem: 'without_key', key: 'interval_time', ...closes },
    { problem: 'unreadable', words: 'cannot be read: no such file', ...closes },
  ],
  period_cuts_a_day: [{ bound: 'from', key: '2020-01-01T12:00:00.000Z' }],
  sample_too_small: [
    {
      horizon: 45,
      certain: true,
      obstacle: 'not_learnable',
      words: '12 rows are too few',
      leastRows: 1200,
    },
    { horizon: 45, certain: false, obstacle: 'few_rows', found: 249, least: 300 },
    { horizon: 45, certain: false, obstacle: 'few_blocks', found: 8, least: 10 },
  ],
  smallest_effect: [{ rows: 80_000, periodRows: 2_010_000, horizon: 15, gain: 0.00152, auc: 0.541 }],
  estimate_is_no_bound: [{ accuracy: 'LOWER_BOUND' }],
  little_disk: [{ pair: 'eurusd', need: 5 * 1024 ** 3, folder: '/data/cache', free: 1024 ** 3 }],
  damaged_dataset: [{ damage: '/data/cache/x.duckdb: its status is "writing"' }],
  dataset_not_used: [{ dataset: '69cc0af9936b', lacks: ['has 500 rows, not 600', 'lacks column a.b'] }],
  numbers_rounded: [
    { columns: 1, widest: [{ feature: 'a.id', gap: 2 }] },
    { columns: 3, widest: [{ feature: 'a.id', gap: 2048 }] },
  ],

  tasks_unfinished: [
    { pair: 'eurusd', horizons: [15, 30], state: 'failed', error: 'BAD_DATA: target is constant' },
    { pair: 'eurusd', horizons: [15], state: 'cancelled', error: 'cancelled: not needed' },
    { pair: 'eurusd', horizons: [15], state: 'quarantined', error: '' },
  ],
  ledger_incomplete: [{ pair: 'eurusd', horizon: 15, rows: 3, features: 3, columns: 4 }],
  pilot_unfinished: [{ pair: 'eurusd', horizons: [15], state: 'failed', error: 'CRASH: it ended' }],
  run_cancelled: [{ why: '' }, { why: 'too slow' }],
  planning_failed: [{ error: 'NOT_FOUND', words: 'there is no targets table' }],
  over_budget: [{ usd: 11.1, billedUsd: 2, planningUsd: 0.02, budgetUsd: 10 }],
  needs_a_person: [{ usd: 5.01, billedUsd: 0, limitUsd: 5 }],
  warehouse_changed: [{ pairs: ['eurusd', 'usdjpy'] }],
  other_statements: [
    {
      changed: [
        { pair: 'eurusd', statements: 1, approved: 2 },
        { pair: 'usdjpy', statements: 3, approved: 1 },
      ],
    },
  ],
  plan_changed: [{}],
  approval_used_up: [{ billedBytes: 1024, approvedBytes: 4096, neededBytes: 8192 }],
  report_not_written: [{ words: 'no space left on device' }],
};

const pilot = {
  pair: 'eurusd',
  pairsLeft: 3,
  estimatedUsd: 0.25,
  billedUsd: 0.25,
  fetchSeconds: 30,
  trainSeconds: 40,
  workers: 2,
  restEstimatedUsd: 0.75,
  restExpectedUsd: 0.75,
  restFetchSeconds: 45,
  restTrainSeconds: 60,
  restSeconds: 60,
  fetchesAtOnce: 2,
  horizons: 2,
  horizonsTrained: 2,
  pairsToFetch: 3,
  billedOfEstimated: 1,
};

/** Reports of pilots, the sentences of which differ by more than their figures. */
export const SAMPLE_PILOTS = [
  PilotReport.fromPartial(pilot),
  PilotReport.fromPartial({ ...pilot, sharedFetchSeconds: 18, horizonsTrained: 1, fetchesAtOnce: 1 }),
  PilotReport.fromPartial({ ...pilot, pairsLeft: 1, pairsToFetch: 0, horizons: 1, horizonsTrained: 1 }),
];
