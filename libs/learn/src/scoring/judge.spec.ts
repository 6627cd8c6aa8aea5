import { describe, expect, it } from 'vitest';
import { type Evidence, judge } from './judge.js';

const estimate = (value: number, half: number) => ({
  value,
  low: value - half,
  high: value + half,
  standardError: half / 2.5,
});
const evidence: Evidence = {
  horizon: 15,
  targetWindow: 45,
  scoredRows: 5000,
  blocks: 100,
  minRows: 1000,
  minBlocks: 20,
  knownAvailable: true,
  retainedFeatures: 12,
  accuracy: 0.806,
  accuracyBaseline: 'overlap',
  baselineAccuracy: 0.804,
  logLossGain: estimate(0.001, 0.002),
  unknownEdge: estimate(0.02, 0.05),
  honestEdge: 0.25,
  suspects: 0,
  detectable: { gain: 0.004, auc: 0.53 },
};

const scored = { horizon: 15, accuracy: 0.806, baseline: 'overlap', baselineAccuracy: 0.804 };
const unseen = { ...scored, detectableGain: 0.004, detectableAuc: 0.53 };

describe('judge', () => {
  it('says that a high accuracy is only overlap', () => {
    expect(judge(evidence)).toEqual({
      verdict: 'NO_SKILL_BEYOND_OVERLAP',
      reason: { code: 'no_skill', facts: unseen },
    });
    const nothing = judge({ ...evidence, retainedFeatures: 0 });
    expect(nothing).toMatchObject({ verdict: 'NO_SKILL_BEYOND_OVERLAP', reason: { code: 'no_feature' } });
  });

  it('finds skill only when log loss and direction of the unknown part both hold', () => {
    const gain = estimate(0.01, 0.005);
    const edge = estimate(0.2, 0.1);
    expect(judge({ ...evidence, logLossGain: gain, unknownEdge: edge })).toEqual({
      verdict: 'SKILL',
      reason: { code: 'skill', facts: { ...scored, gain: 0.01, gainLow: 0.005 } },
    });
    const weak = judge({ ...evidence, unknownEdge: edge });
    expect(weak.verdict).toBe('NO_SKILL_BEYOND_OVERLAP');
    expect(weak.reason).toEqual({ code: 'weak_edge', facts: { ...unseen, edge: 0.2 } });
    const volatility = judge({ ...evidence, logLossGain: gain });
    expect(volatility.verdict).toBe('NO_SKILL_BEYOND_OVERLAP');
    expect(volatility.reason).toEqual({ code: 'size_only', facts: unseen });
  });

  it('says worse only when the interval lies below zero', () => {
    const worse = judge({ ...evidence, logLossGain: estimate(-0.01, 0.002) });
    expect(worse.verdict).toBe('NO_SKILL_BEYOND_OVERLAP');
    expect(worse.reason).toEqual({ code: 'worse', facts: { ...unseen, gain: -0.01, gainHigh: -0.008 } });
    expect(judge({ ...evidence, logLossGain: estimate(-0.01, 0.02) }).reason.code).toBe('no_skill');
  });

  it('does not say what could have been seen where that is not known', () => {
    const detectable = { gain: Number.NaN, auc: Number.NaN };
    expect(judge({ ...evidence, detectable }).reason).toEqual({ code: 'no_skill', facts: scored });
  });

  it('doubts skill that rests on a suspicious feature, or on more than honest features know together', () => {
    const skilled = { ...evidence, logLossGain: estimate(0.01, 0.005), unknownEdge: estimate(0.2, 0.1) };
    const facts = { ...scored, gain: 0.01, gainLow: 0.005 };
    expect(judge({ ...skilled, suspects: 2, honestEdge: 0.08 })).toEqual({
      verdict: 'SKILL_SUSPECT',
      reason: { code: 'suspect_features', facts: { ...facts, suspects: 2 } },
    });
    expect(judge({ ...skilled, honestEdge: 0.08 })).toEqual({
      verdict: 'SKILL_SUSPECT',
      reason: { code: 'suspect_edge', facts: { ...facts, edge: 0.2, limit: 0.08 } },
    });
    expect(judge({ ...evidence, suspects: 2 }).verdict).toBe('NO_SKILL_BEYOND_OVERLAP');
  });

  it('takes an undefined interval as no skill', () => {
    const none = { value: Number.NaN, low: Number.NaN, high: Number.NaN, standardError: Number.NaN };
    expect(judge({ ...evidence, logLossGain: estimate(1, 0.1), unknownEdge: none }).verdict).not.toBe(
      'SKILL',
    );
  });

  it.each([
    [{ scoredRows: 999 }, { code: 'few_rows', facts: { ...scored, rows: 999, least: 1000 } }],
    [{ blocks: 19 }, { code: 'few_blocks', facts: { ...scored, blocks: 19, least: 20 } }],
    [{ knownAvailable: false }, { code: 'overlap_unknown', facts: scored }],
  ])('is inconclusive for %j', (change, reason) => {
    expect(judge({ ...evidence, ...change })).toEqual({ verdict: 'INCONCLUSIVE', reason });
  });
});
