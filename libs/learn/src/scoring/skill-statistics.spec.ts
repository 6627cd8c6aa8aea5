import { describe, expect, it } from 'vitest';
import type { Baseline } from '../baselines/fit-baselines.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { skillStatistics } from './skill-statistics.js';

/** A target whose known part is fixed, whose volatility changes, and whose drift may be known to a model. */
function sample(drift: number) {
  const random = seededRandom(9n);
  const rows = 20_000;
  const known = Float64Array.from({ length: rows }, () => random.normal());
  const scale = Float64Array.from({ length: rows }, () => (random.next() < 0.5 ? 0.3 : 2));
  const signal = Float64Array.from({ length: rows }, () => random.normal());
  const unknown = known.map((_, row) => scale[row]! * (drift * signal[row]! + random.normal()));
  const label = known.map((value, row) => (value + unknown[row]! > 0 ? 1 : 0));
  const logOdds = known.map((value) => 1.4 * value);
  const overlap: Baseline = { name: 'overlap_logistic', score: logOdds, probability: logOdds.map(sigmoid) };
  const sign: Baseline = { name: 'overlap', score: known, probability: null };
  return { known, scale, signal, unknown, label, baselines: [sign, overlap] };
}

describe('skillStatistics', () => {
  it('volatility alone saves log loss, but shows no edge on the unknown part', () => {
    const { known, scale, ...rest } = sample(0);
    const probability = known.map((value, row) => sigmoid((1.7 * value) / scale[row]!));
    const skill = skillStatistics({ ...rest, probability });
    expect(skill.logLossGain()).toBeGreaterThan(0.02);
    expect(skill.accuracyGain()).toBe(0);
    expect(Math.abs(skill.unknownEdge())).toBeLessThan(0.025);
  });

  it('a known drift shows in both', () => {
    const { known, scale, signal, ...rest } = sample(0.3);
    const probability = known.map((value, row) => sigmoid((1.7 * value) / scale[row]! + 0.5 * signal[row]!));
    const skill = skillStatistics({ ...rest, probability });
    expect(skill.logLossGain()).toBeGreaterThan(0.02);
    expect(skill.unknownEdge()).toBeGreaterThan(0.07);
  });

  it('compares with the best baseline by each measure', () => {
    const { known: _, scale: __, signal: ___, ...rest } = sample(0);
    const probability = rest.baselines[1]!.probability!;
    const skill = skillStatistics({ ...rest, probability });
    expect(skill.logLossBaseline).toBe('overlap_logistic');
    expect(['overlap', 'overlap_logistic']).toContain(skill.accuracyBaseline);
    expect(skill.logLossGain()).toBe(0);
    expect(skill.unknownEdge()).toBeNaN();
  });

  it('needs the overlap baseline', () => {
    const { label, unknown } = sample(0);
    expect(() => skillStatistics({ probability: label, label, unknown, baselines: [] })).toThrow(
      LearnInputError,
    );
  });
});
