import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { resolveLearnConfig } from '../config/learn-config.js';
import { horizonData } from '../data/horizon-data.js';
import { DIRECTION_MODELS } from '../models/model-registry.js';
import { seededRandom } from '../numeric/seeded-random.js';
import { innerSplit } from '../splits/inner-split.js';
import { type LabelGeometry, spanEnd, spanStart } from '../splits/label-span.js';
import { protocolSegments } from '../splits/protocol-segments.js';
import type { FoldPredictions } from '../training/out-of-fold.js';
import { crossFitCombinatorial } from './cross-fit-combinatorial.js';
import { crossFitStack } from './cross-fit-stack.js';

vi.setConfig({ testTimeout: 60_000 });

const SCHEMES = ['expanding', 'rolling', 'combinatorial'] as const;
const TARGET_WINDOW = 45;

/** A sample of bars with gaps, and predictions of every fold that are noise: only the rows matter here. */
function nest(
  scheme: (typeof SCHEMES)[number],
  options: { steps: number[]; horizon: number; folds: number },
) {
  const { steps, horizon, folds: count } = options;
  const random = seededRandom(9n);
  let ordinal = 0;
  const bar = Int32Array.from(steps, (step) => {
    ordinal += step;
    return ordinal;
  });
  const noise = () => Float64Array.from(steps, () => random.normal());
  const geometry = { horizon, targetWindow: TARGET_WINDOW };
  const data = horizonData({ geometry, bar, target: noise(), knownPart: noise(), persistence: noise() });
  const { protocol, ...rest } = resolveLearnConfig('quick');
  const config = { ...rest, protocol: { ...protocol, scheme, folds: count } };
  const segments = protocolSegments({ bar, geometry, usable: data.usable, config });
  const folds = segments.folds.map(({ test }): FoldPredictions => {
    const draw = () => Float64Array.from(test, () => random.normal());
    return {
      rows: test,
      base: draw(),
      added: DIRECTION_MODELS.map(draw),
      unknown: { booster: draw(), ridge: draw() },
    };
  });
  const { combinatorial } = segments;
  const crossFit = combinatorial
    ? crossFitCombinatorial({ folds, combinatorial, data, config })
    : crossFitStack(folds, data, config);
  return { bar, geometry, segments, crossFit, innerShare: protocol.innerShare };
}

/** Whether no span of one meets a span of the other, for runs of rows that may surround each other. */
function apart(first: Uint32Array, second: Uint32Array, bar: Int32Array, geometry: LabelGeometry): boolean {
  const last = Math.max(bar.at(-1)!, 0) + 1000;
  const covered = new Uint8Array(last + 1000);
  const spans = (rows: Uint32Array, use: (at: number) => void) => {
    for (const row of rows) {
      for (let at = spanStart(bar[row]!, geometry); at <= spanEnd(bar[row]!, geometry); at++) use(at + 500);
    }
  };
  spans(first, (at) => {
    covered[at] = 1;
  });
  let met = false;
  spans(second, (at) => {
    met ||= covered[at] === 1;
  });
  return !met;
}

/** Every pair of rows fitted and scored, from models to calibrators. */
function allFits({ segments, crossFit, bar, geometry, innerShare }: ReturnType<typeof nest>) {
  const models = segments.folds.map(({ train, test }) => ({ fitted: train, scored: test }));
  const stopping = segments.folds.map(({ train }) => {
    const { fit, validation } = innerSplit(train, bar, geometry, innerShare);
    return { fitted: fit, scored: validation };
  });
  const stacked = crossFit.fits.flatMap(({ fitted, scored, serves, folds }) => [
    { fitted, scored },
    { fitted, scored: serves },
    ...folds.map((fold) => ({ fitted: segments.folds[fold]!.train, scored: serves })),
    ...folds.map((fold) => ({ fitted: segments.foldSelection[fold]!, scored: serves })),
  ]);
  const outer = [
    { fitted: segments.development, scored: segments.final },
    ...segments.folds.map(({ test }) => ({ fitted: segments.selection, scored: test })),
    ...segments.folds.map(({ test }, k) => ({ fitted: segments.foldSelection[k]!, scored: test })),
  ];
  return [...models, ...stopping, ...stacked, ...outer];
}

const samples = fc.record({
  steps: fc.array(fc.integer({ min: 2, max: 20 }), { minLength: 700, maxLength: 800 }),
  horizon: fc.constantFrom(15, 45, 105),
  folds: fc.constantFrom(3, 4),
});

describe('the nest of fits', () => {
  it.each(SCHEMES)('fits nothing on a row whose label meets that of a row it scores (%s)', (scheme) => {
    fc.assert(
      fc.property(samples, (sample) => {
        const made = nest(scheme, sample);
        for (const { fitted, scored } of allFits(made)) {
          expect(fitted.length).toBeGreaterThan(0);
          expect(apart(fitted, scored, made.bar, made.geometry)).toBe(true);
        }
      }),
      { numRuns: 6 },
    );
  });

  const steps = Array.from({ length: 800 }, (_, k) => 5 + (k % 7));

  it('predicts every group of combinatorial folds once a path, each path by other models', () => {
    const { segments, crossFit } = nest('combinatorial', { steps, horizon: 45, folds: 4 });
    const { groups, tested } = segments.combinatorial!;
    expect(tested).toHaveLength(6);
    expect(crossFit.paths).toHaveLength(3);
    const rows = groups.flatMap((group) => [...group]);
    for (const path of crossFit.paths) expect([...path.rows]).toEqual(rows);
    expect(crossFit.scored.rows).toHaveLength(3 * rows.length);
    const [first, second] = crossFit.paths;
    expect(first!.probability.some((value, k) => value !== second!.probability[k])).toBe(true);
    // For each of 4 groups: a stack for it, one for each of the 3 others, and a calibrator.
    expect(crossFit.fits).toHaveLength(4 * 5);
  });

  it('has one path where folds walk forward', () => {
    const { crossFit } = nest('rolling', { steps, horizon: 45, folds: 4 });
    expect(crossFit.paths).toEqual([crossFit.scored]);
    expect(crossFit.fits.map(({ what }) => what)).toEqual([
      'stack',
      'stack',
      'calibrator',
      'stack',
      'calibrator',
    ]);
  });

  it('needs three groups', () => {
    expect(() => nest('combinatorial', { steps, horizon: 45, folds: 2 })).toThrow(
      /set protocol.folds to 3 or more, not 2/,
    );
  });

  it('would be seen to fit what it scores: groups that are neighbours meet, others do not', () => {
    const { segments, bar, geometry } = nest('combinatorial', { steps, horizon: 45, folds: 4 });
    const [, second, third, fourth] = segments.combinatorial!.groups;
    expect(apart(second!, second!, bar, geometry)).toBe(false);
    expect(apart(second!, third!, bar, geometry)).toBe(false);
    expect(apart(second!, fourth!, bar, geometry)).toBe(true);
  });
});
