import { writeArrayDataset } from '@onescan/dataset/write-array-dataset.js';
import { simulateTargets, TARGET_WINDOW } from './simulated-targets.js';

export interface TestDatasetOptions {
  datasetId?: string;
  pair?: string;
  rows?: number;
  horizons?: readonly number[];
  /** Strength with which `signal.next` knows the coming 15 bars; 0 for none. */
  signal?: number;
}

const FUTURE = { code: 'future_name', facts: { pattern: '(^|_)target' } } as const;
const NAMES = { code: 'not_a_number', facts: { type: 'VARCHAR' } } as const;

const BAR_MS = 60_000;
const NOISE_FEATURES = 12;
/** Bars between two sampled rows. */
const STRIDE = 4;

/**
 * Writes a small dataset of a simulated pair: closes are a random walk; targets, persistence and known
 * parts are computed from them by their formulas. Among the features are noise, a constant, an empty
 * column, a duplicate, and one that knows a part of the future; two columns are excluded.
 */
export async function writeTestDataset(path: string, options: TestDatasetOptions = {}): Promise<void> {
  const {
    datasetId = 'test-dataset',
    pair = 'eurusd',
    rows = 2000,
    horizons = [15, 45],
    signal = 1,
  } = options;
  const normal = normalNumbers(7);
  const simulated = simulateTargets({ rows, stride: STRIDE, horizons }, normal);
  const { ofRows: column, change, persistence, targets, knownParts } = simulated;
  const noise = Array.from({ length: NOISE_FEATURES }, () => column(() => normal()));
  await writeArrayDataset(path, {
    datasetId,
    pair,
    targetWindow: TARGET_WINDOW,
    time: column((bar) => Date.UTC(2024, 0, 1) + bar * BAR_MS),
    bar: column((bar) => bar),
    persistence,
    targets,
    knownParts,
    features: [
      ...noise.map((values, i) => ({ featureId: `noise.n${i}`, group: 'pair', values })),
      { featureId: 'noise.copy', group: 'pair', values: noise[0]! },
      { featureId: 'flat.one', group: 'tri', values: column(() => 1) },
      { featureId: 'flat.none', group: 'tri', values: column(() => Number.NaN) },
      { featureId: 'base.bqx_45', group: 'pair', values: column((bar) => change(bar - TARGET_WINDOW, bar)) },
      {
        featureId: 'signal.next',
        group: 'mkt',
        values: column((bar) => signal * change(bar, bar + 15) + 0.08 * normal()),
      },
    ],
    excluded: [
      { featureId: 'base.target_45', group: 'pair', type: 'DOUBLE', exclusion: FUTURE },
      { featureId: 'tri.pair1', group: 'tri', type: 'VARCHAR', exclusion: NAMES },
    ],
  });
}

/** Standard normal numbers from a 32-bit linear congruential generator (Numerical Recipes) and Box-Muller. */
function normalNumbers(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}
