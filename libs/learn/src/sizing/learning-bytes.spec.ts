import { expect, it } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { estimateLearningBytes } from './learning-bytes.js';

it('what learning takes grows with threads by their scratch, not by the Gram matrices', () => {
  const config = resolveLearnConfig('standard');
  const size = { rows: 80_000, columns: 6477, config };
  const one = estimateLearningBytes(size);
  const four = estimateLearningBytes({ ...size, threads: 4 });
  expect(four.selection / one.selection).toBeGreaterThan(1);
  expect(four.selection / one.selection).toBeLessThan(1.02);
  expect(four.modelling).toBeGreaterThan(one.modelling);
  expect(one.selection).toBeGreaterThan(16 * 2 * 6477 ** 2);
});
