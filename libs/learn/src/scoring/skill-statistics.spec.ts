import { describe, expect, it } from 'vitest';
import type { Baseline } from '../baselines/fit-baselines.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { resampleOf } from '../metrics/resample.js';
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
  const reference = overlap.probability!;
  return { known, scale, signal, unknown, label, reference, baselines: [sign, overlap] };
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

  it('compares with the same stack without models, calibrated alike', () => {
    const { known, scale: _, signal, ...rest } = sample(0.3);
    // A stack that shrinks the known part too far, as after a change of regime: an opinion still helps it.
    const reference = known.map((value) => sigmoid(0.6 * 1.4 * value));
    const probability = known.map((value, row) => sigmoid(0.6 * 1.4 * value + 0.3 * signal[row]!));
    const skill = skillStatistics({ ...rest, reference, probability });
    expect(skill.logLossGain()).toBeGreaterThan(0.01);
    expect(skill.baselineGain()).toBeLessThan(skill.logLossGain() - 0.01);
  });

  it('knows what each row adds to gain and edge', () => {
    const { known, scale: _, signal, ...rest } = sample(0.3);
    const probability = known.map((value, row) => sigmoid(1.4 * value + 0.5 * signal[row]!));
    const skill = skillStatistics({ ...rest, probability });
    // Counting a row once more moves a statistic by its influence, to first order.
    const times = resampleOf(Uint8Array.from(known, (_own, row) => (row === 7 ? 2 : 1)));
    const rows = known.length;
    const moved = skill.unknownEdge(times) - skill.unknownEdge();
    expect(moved).toBeCloseTo(skill.influence.edge[7]!, 6);
    expect(skill.logLossGain(times) - skill.logLossGain()).toBeCloseTo(
      (skill.influence.gain[7]! * rows) / (rows + 1),
      12,
    );
    expect(Math.abs(skill.influence.gain.reduce((sum, own) => sum + own, 0))).toBeLessThan(1e-12);
  });

  it('needs a baseline with a probability', () => {
    const { label, unknown, reference } = sample(0);
    expect(() => skillStatistics({ probability: label, reference, label, unknown, baselines: [] })).toThrow(
      LearnInputError,
    );
  });
});
