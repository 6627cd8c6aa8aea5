import { expect, it } from 'vitest';
import { exclusionKey } from './exclusion-key.js';

it('spells exclusions in identities as ever, whatever the wording of reasons: ids of paid datasets hang on it', () => {
  expect([
    exclusionKey({ code: 'future_name', facts: { pattern: '(^|_)target' } }),
    exclusionKey({ code: 'future_lineage', facts: { why: 'cut-offs' } }),
    exclusionKey({ code: 'point_in_time', facts: { type: 'DATE' } }),
    exclusionKey({ code: 'not_a_number', facts: { type: 'STRING' } }),
    exclusionKey({ code: 'name_differs_in_case', facts: { other: 'a.b' } }),
    exclusionKey({ code: 'unreadable_column', facts: { problem: 'its name is odd' } }),
    exclusionKey({ code: 'unreadable_table', facts: { problem: 'holds a key of infinity' } }),
    exclusionKey({ code: 'keyless_table', facts: { key: 'k' } }),
    exclusionKey({ code: 'keyless_table', facts: { key: 'k', type: 'DATE' } }),
    exclusionKey({ code: 'refused_table', facts: { refusal: 'complexity' } }),
    exclusionKey({ code: 'unspecified', facts: { text: 'as an older version said' } }),
    exclusionKey({ code: 'same_as_target', facts: { horizon: 15 } }),
  ]).toEqual([
    'its name matches /(^|_)target/: it holds future values',
    'by its lineage it holds future values (cut-offs)',
    'a point in time (DATE) is not a feature',
    'its type STRING cannot be made a number',
    'its name differs from a.b only in case',
    'its name is odd',
    'its table holds a key of infinity',
    'its table has no k',
    'its table has k as DATE, not TIMESTAMP',
    'a statement of its table alone is refused: the warehouse calls it too complex',
    'as an older version said',
    '{"code":"same_as_target","facts":{"horizon":15}}',
  ]);
});
