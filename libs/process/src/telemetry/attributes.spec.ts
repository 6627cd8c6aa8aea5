import { expect, test } from 'vitest';
import { knownAttributes } from './attributes.js';

test('figures that there are not are left out, words and zeros stay', () => {
  const given = {
    auc: Number.NaN,
    skill: Number.NEGATIVE_INFINITY,
    kept: 0,
    verdict: 'INCONCLUSIVE',
    empty: '',
  };
  expect(knownAttributes(given)).toEqual({ kept: 0, verdict: 'INCONCLUSIVE', empty: '' });
});
