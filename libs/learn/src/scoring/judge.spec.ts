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
};

describe('judge', () => {
  it('says in one sentence that a high accuracy is only overlap', () => {
    expect(judge(evidence)).toEqual({
      verdict: 'NO_SKILL_BEYOND_OVERLAP',
      text: 'h15: accuracy 80.6 %, the overlap baseline alone gets 80.4 %: no skill beyond overlap',
    });
  });

  it('finds skill only when log loss and direction of the unknown part both hold', () => {
    const gain = estimate(0.01, 0.005);
    const edge = estimate(0.2, 0.1);
    expect(judge({ ...evidence, logLossGain: gain, unknownEdge: edge })).toEqual({
      verdict: 'SKILL',
      text:
        'h15: accuracy 80.6 %, the overlap baseline alone gets 80.4 %: skill beyond overlap, ' +
        'log loss better by 0.0100 nats (at least 0.0050 nats)',
    });
    const weak = judge({ ...evidence, unknownEdge: edge });
    expect(weak.verdict).toBe('NO_SKILL_BEYOND_OVERLAP');
    expect(weak.text).toMatch(/a weak edge, correlation 0.20 with what is not yet known/);
    const volatility = judge({ ...evidence, logLossGain: gain });
    expect(volatility.verdict).toBe('NO_SKILL_BEYOND_OVERLAP');
    expect(volatility.text).toMatch(/it judges how much prices move, not where they go/);
  });

  it('takes an undefined interval as no skill', () => {
    const none = { value: Number.NaN, low: Number.NaN, high: Number.NaN, standardError: Number.NaN };
    expect(judge({ ...evidence, logLossGain: estimate(1, 0.1), unknownEdge: none }).verdict).not.toBe(
      'SKILL',
    );
  });

  it.each([
    [{ scoredRows: 999 }, /999 scored rows are fewer than 1000/],
    [{ blocks: 19 }, /19 independent blocks, fewer than 20/],
    [{ knownAvailable: false }, /already known is not in the dataset/],
  ])('is inconclusive for %j', (change, text) => {
    const judged = judge({ ...evidence, ...change });
    expect(judged.verdict).toBe('INCONCLUSIVE');
    expect(judged.text).toMatch(text);
  });
});
