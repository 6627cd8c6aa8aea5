import { expect, it, vi } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { simulatePair } from '../testing/simulated-pair.js';
import type { HorizonOutcome } from './horizon-outcome.js';
import { PairLearner } from './pair-learner.js';

vi.setConfig({ testTimeout: 120_000 });

/** Half of what a horizon moves is told by the state that `mkt_flow` shows: no market is like that. */
const pair = simulatePair({ seed: 31n, rows: 2000, spacing: 8, noiseFeatures: 12, effect: 0.25 });
const brief = Object.fromEntries(
  ['leaf', 'level', 'symmetric', 'value'].map((name) => [`models.${name}.rounds`, '15']),
);

function learn(overrides: Record<string, string> = {}): HorizonOutcome {
  const config = resolveLearnConfig('quick', { ...brief, ...overrides });
  return new PairLearner(pair.pairInput(config), config).learnHorizon(pair.horizonInput(45));
}

it('skill that rests on a suspicious feature is suspect, plain where so much is honest, none without the suspects', () => {
  const { summary, document } = learn();
  const suspects = document.suspicious.map(({ feature }) => feature);
  expect(summary.verdict).toBe('SKILL_SUSPECT');
  expect(summary.verdictReason).toMatchObject({
    code: 'suspect_features',
    facts: { suspects: suspects.length },
  });
  expect(suspects).toContain('mkt_flow.flow');
  expect(document.skill.honestEdge).toBeCloseTo(0.08, 2);

  const trusting = learn({ 'leaks.honestShare': '0.9' });
  expect(trusting.summary.verdict).toBe('SKILL');
  expect(trusting.document.suspicious).toEqual([]);
  expect(trusting.document.skill.unknownEdge.value).toBe(document.skill.unknownEdge.value);

  const without = learn({ 'leaks.suspicious': 'refuse' });
  expect(without.document.suspicious).toEqual([]);
  for (const [column, { id }] of pair.features.entries()) {
    if (suspects.includes(id)) expect(without.fates[column]!.why.code).toBe('refused_suspect');
  }
  expect(without.summary.verdict).not.toMatch(/^SKILL/);
});
