import { describe, expect, it } from 'vitest';
import { horizonData } from '../data/horizon-data.js';
import { logLossByRow } from '../metrics/direction-metrics.js';
import { sigmoid } from '../numeric/sigmoid.js';
import { correctCalls } from '../scoring/skill-statistics.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { bqxColumns } from './linear-bqx.js';
import { overlapLogOdds, trailingScale } from './overlap-logistic.js';
import { overlapRate, persistenceRate } from './random-walk-rates.js';

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('rates on a random walk', () => {
  it.each([
    [15, 0.804, 0.732],
    [30, 0.696, 0.608],
    [45, 0.5, 0.5],
    [105, 0.5, 0.5],
  ])('horizon %d: overlap %d, persistence %d', (horizon, overlap, persistence) => {
    const geometry = { horizon, targetWindow: 45 };
    expect(overlapRate(geometry)).toBeCloseTo(overlap, 3);
    expect(persistenceRate(geometry)).toBeCloseTo(persistence, 3);
  });
});

describe('horizonData and the overlap baseline on a random walk', () => {
  // Bars 60 apart: the rows are nearly independent, so sampling error is sqrt(p (1 - p) / rows).
  const pair = simulatePair({ seed: 5n, rows: 12_000, spacing: 60, noiseFeatures: 0, volatilitySpread: 0.6 });
  const data = (horizon: number) =>
    horizonData({
      geometry: { horizon, targetWindow: 45 },
      ...pair.horizonInput(horizon),
      bar: pair.bar,
      persistence: pair.persistence,
    });

  it.each([
    [15, 0.8041, 0.7323],
    [30, 0.6959, 0.6082],
    [45, 0.5, 0.5],
  ])(
    'horizon %d: the sign of the known part is right in %d, persistence in %d',
    (horizon, overlap, persistence) => {
      const { up, known } = data(horizon);
      const fourErrors = 4 * Math.sqrt(0.25 / 12_000);
      if (horizon < 45) expect(Math.abs(mean(correctCalls(known, up)) - overlap)).toBeLessThan(fourErrors);
      expect(Math.abs(mean(correctCalls(pair.persistence, up)) - persistence)).toBeLessThan(fourErrors);
    },
  );

  it('target = known + unknown, and the unknown part is uncorrelated with what is known', () => {
    const { known, unknown, value } = data(15);
    const covariance = mean(known.map((k, row) => k * unknown[row]!));
    expect(Math.abs(covariance)).toBeLessThan(0.05 * mean(value.map((v) => v * v)));
    expect(known[7]! + unknown[7]!).toBeCloseTo(value[7]!, 14);
  });

  it('the logistic baseline knows that volatility changes: it beats the known part alone', () => {
    const horizon = data(15);
    const fit = Uint32Array.from({ length: 6000 }, (_, row) => row);
    const full = overlapLogOdds(horizon, fit);
    const plain = overlapLogOdds(
      { ...horizon, persistence: horizon.known.map((_, row) => (row % 2 ? 1 : -1)) },
      fit,
    );
    const loss = (logOdds: Float64Array) =>
      mean(logLossByRow(logOdds.map(sigmoid).subarray(6000), horizon.up.subarray(6000)));
    expect(loss(full)).toBeLessThan(loss(plain) - 0.005);
  });

  it('counts rows that cannot be used, by what they lack', () => {
    const input = pair.horizonInput(15);
    const target = input.target.slice();
    const knownPart = input.knownPart!.slice();
    target[3] = Number.NaN;
    knownPart[5] = Number.NaN;
    const persistence = pair.persistence.slice();
    persistence[9] = Number.NaN;
    const geometry = { horizon: 15, targetWindow: 45 };
    const { usable, missing } = horizonData({ geometry, bar: pair.bar, target, knownPart, persistence });
    expect(missing).toEqual({ target: 1, knownPart: 1, persistence: 1 });
    expect(usable).toHaveLength(11_997);
    expect(() =>
      horizonData({ geometry, bar: pair.bar, target: target.slice(1), knownPart, persistence }),
    ).toThrow(/target has 11999 rows/);
  });
});

describe('trailingScale', () => {
  it('uses nothing after the row and forgets with bars, not rows', () => {
    const value = Float64Array.of(1, 1, 10, 10);
    const scale = trailingScale(value, Int32Array.of(0, 10, 20, 30), 45);
    expect(scale[1]).toBeCloseTo(1, 14);
    const changed = trailingScale(Float64Array.of(1, 1, 99, 99), Int32Array.of(0, 10, 20, 30), 45);
    expect(changed[1]).toBe(scale[1]);
    const far = trailingScale(value, Int32Array.of(0, 10, 100_000, 100_010), 45);
    expect(far[2]).toBeCloseTo(10, 9);
    expect(scale[2]).toBeLessThan(8);
  });
});

describe('bqxColumns', () => {
  it("takes a pair's own bqx windows only", () => {
    const ids = [
      'base_bqx_eurusd.bqx_45',
      'base_bqx_eurusd.target_45',
      'agg_bqx_eurusd.bqx_45',
      'base_bqx_eurusd.bqx_90',
    ];
    expect(bqxColumns(ids)).toEqual([0, 3]);
  });
});
