import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import type { BaselineName } from '../baselines/fit-baselines.js';
import { resolveLearnConfig } from '../config/learn-config.js';
import { CancelledError } from '../errors/cancelled-error.js';
import type { StableFacts } from '../selection/selection-result.js';
import { type SimulatedPair, simulatePair } from '../testing/simulated-pair.js';
import type { HorizonOutcome } from './horizon-outcome.js';
import { PairLearner } from './pair-learner.js';

// A horizon takes a second alone, many on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const config = resolveLearnConfig('quick', { 'models.leaf.rounds': '25', 'models.level.rounds': '25' });
const walk = simulatePair({ seed: 21n, rows: 3600, spacing: 8, noiseFeatures: 30 });
const planted = simulatePair({ seed: 22n, rows: 2600, spacing: 8, noiseFeatures: 20, effect: 0.2 });

const learn = (pair: SimulatedPair, horizon: number, settings = config): HorizonOutcome =>
  new PairLearner(pair.pairInput(settings), settings).learnHorizon(pair.horizonInput(horizon));

const baseline = ({ document }: HorizonOutcome, name: BaselineName) =>
  document.baselines.find((entry) => entry.name === name)!;

describe('a random walk', () => {
  it.each([15, 30, 45])(
    'has no skill beyond overlap at horizon %d and baselines at their theory',
    (horizon) => {
      const outcome = learn(walk, horizon);
      expect(outcome.summary.verdict).toBe('NO_SKILL_BEYOND_OVERLAP');
      const { code, facts } = outcome.summary.verdictReason;
      expect(outcome.document.verdictReason).toEqual({ code, facts });
      expect(facts).toMatchObject({
        horizon,
        accuracy: outcome.summary.accuracy,
        baselineAccuracy: outcome.summary.bestBaselineAccuracy,
      });
      for (const name of ['overlap', 'persistence'] as const) {
        if (name === 'overlap' && horizon === 45) continue;
        const { accuracy, randomWalkAccuracy } = baseline(outcome, name);
        // Within its own 99 % interval of 0.804 and 0.732 at horizon 15, 0.696 and 0.607 at 30, 0.5 at 45.
        expect(accuracy.low).toBeLessThan(randomWalkAccuracy!);
        expect(accuracy.high).toBeGreaterThan(randomWalkAccuracy!);
      }
    },
  );
});

describe('a planted effect', () => {
  const outcome = learn(planted, 30);

  it('is skill, seen in the features it was planted in, and suspect: no market has such an effect', () => {
    expect(outcome.summary.verdict).toBe('SKILL_SUSPECT');
    expect(outcome.summary.skillLow).toBeGreaterThan(0);
    const first = outcome.fates.findIndex((fate) => fate.rank === 1);
    expect(planted.features[first]!.id).toMatch(/^mkt_flow\./);
    expect(outcome.document.shap!.maxAdditivityError).toBeLessThan(1e-9);
    expect(outcome.document.shap!.rowsExplained).toBe(planted.bar.length);
  });

  it('accounts for every feature with its stage and reason', () => {
    expect(outcome.fates).toHaveLength(planted.features.length);
    for (const fate of outcome.fates) expect(fate.why.code).toMatch(/^[a-z_]+$/);
    const retained = outcome.fates.filter((fate) => fate.status === 'RETAINED');
    expect(retained).toHaveLength(outcome.summary.featuresRetained);
    expect(retained.map((fate) => fate.rank).sort((a, b) => a! - b!)).toEqual(
      retained.map((_, position) => position + 1),
    );
    for (const { why, selectionFrequency } of retained) {
      if (why.code !== 'stable') throw new Error(`retained for ${why.code}`);
      expect(Object.keys(why.facts.shares)).toEqual(['elastic-net', 'curvature']);
      expect(Math.max(...Object.values(why.facts.shares))).toBe(selectionFrequency);
    }
    const { methods, stableBy, stable } = outcome.document.selection as StableFacts;
    expect(methods).toEqual(['elastic-net', 'curvature']);
    const [straight, curved] = [stableBy['elastic-net']!, stableBy.curvature!];
    expect(straight + curved).toBeGreaterThanOrEqual(stable);
    expect(Math.max(straight, curved)).toBeLessThanOrEqual(stable);
    const importance = retained.reduce((sum, fate) => sum + fate.importance!, 0);
    expect(importance).toBeCloseTo(1, 9);
  });

  it('is the same to the last byte whichever horizons were learned before', () => {
    const learner = new PairLearner(planted.pairInput(config), config);
    learner.learnHorizon(planted.horizonInput(60));
    learner.release();
    const later = learner.learnHorizon(planted.horizonInput(30));
    expect(JSON.stringify(later)).toBe(JSON.stringify(outcome));
  });

  it('survives a round trip through JSON: no NaN, no infinity, nothing undefined', () => {
    expect(JSON.parse(JSON.stringify(outcome.document))).toEqual(outcome.document);
  });

  it('orders time as folds, development, final, with purged rows between; all development rows are selected on', () => {
    const { segments } = outcome.document;
    const segment = (name: string) => segments.find((entry) => entry.name === name)!;
    const minutes = (from: number, to: number) => (to - from) / 60_000;
    // Horizon 30, window 45: 45 bars between the last fitted row and the first scored one.
    expect(minutes(segment('fold 1 train').to, segment('fold 1 test').from)).toBeGreaterThan(45);
    expect({ ...segment('selection'), name: 'development' }).toEqual(segment('development'));
    expect(minutes(segment('fold 2 train').to, segment('fold 2 test').from)).toBeGreaterThan(45);
    expect(minutes(segment('development').to, segment('final').from)).toBeGreaterThan(45);
  });

  it('lets nothing of the final segment into what is fitted before it', () => {
    const start = Math.floor(planted.bar.length * (1 - config.protocol.finalShare));
    const input = planted.horizonInput(30);
    const reversed = input.target.slice();
    reversed.set(reversed.slice(start).reverse(), start);
    const features = planted.features.map(({ id, values }) => {
      const other = values.slice();
      other.set(other.slice(start).reverse(), start);
      return { id, values: other };
    });
    const disturbed = new PairLearner(planted.pairInput(config, features), config).learnHorizon({
      ...input,
      target: reversed,
    });
    for (const part of ['selection', 'stack', 'outOfFold', 'features'] as const) {
      expect(disturbed.document[part]).toEqual(outcome.document[part]);
    }
    const sizes = (from: HorizonOutcome) =>
      from.document.models.map((model) => [model.folds, 'trees' in model ? model.trees : model.penalty]);
    expect(sizes(disturbed)).toEqual(sizes(outcome));
    const frequencies = (from: HorizonOutcome) => from.fates.map((fate) => fate.selectionFrequency);
    expect(frequencies(disturbed)).toEqual(frequencies(outcome));
    expect(disturbed.document.final.direction).not.toEqual(outcome.document.final.direction);
  });

  it('refuses a column that is the target, although most of the target is known', () => {
    const input = planted.horizonInput(15);
    const leaking = [
      ...planted.features,
      { id: 'base_bqx_eurusd.target_45', values: Float32Array.from(input.target) },
    ];
    const found = new PairLearner(planted.pairInput(config, leaking), config).learnHorizon(input);
    expect(found.fates.at(-1)).toMatchObject({ status: 'PRUNED', stage: 'select' });
    expect(found.fates.at(-1)!.why.code).toBe('leak');
    expect(found.document.features.leaking).toBe(1);
  });

  it('refuses what gives away one horizon for all, with the same reason, and calls strong features suspicious', () => {
    const target = planted.horizonInput(45).target;
    const leak = { id: 'agg_eurusd.nearly', values: Float32Array.from(target, (value) => value + 0.01) };
    const columns = [...planted.features, leak];
    const learner = new PairLearner(planted.pairInput(config, columns), config);
    const [near, far] = [30, 105].map((horizon) => learner.learnHorizon(planted.horizonInput(horizon)));
    for (const { fates, summary, document } of [near!, far!]) {
      expect(fates.at(-1)).toMatchObject({ status: 'PRUNED', stage: 'select' });
      const { why } = fates.at(-1)!;
      expect(why).toMatchObject({ code: 'leak', facts: { part: 'target', horizon: 45, limit: 0.9 } });
      expect(why.facts).toMatchObject({ share: expect.closeTo(0.995, 2) });
      expect(summary.suspicions[0]).toMatchObject({ feature: leak.id, retained: false, why });
      expect(document.selection.leakage).toEqual([
        { feature: leak.id, reasonCode: 'leak', facts: why.facts },
      ]);
    }
    expect(near!.fates.at(-1)).toEqual(far!.fates.at(-1));
    // The planted effect is half of what a horizon moves: no market is like that.
    const suspicious = near!.summary.suspicions.filter(({ retained }) => retained);
    expect(suspicious.map(({ feature }) => feature)).toContain('mkt_flow.flow_ma');
    expect(near!.document.suspicious).toHaveLength(suspicious.length);
    for (const { column, why } of suspicious) {
      expect(near!.fates[column]).toMatchObject({ status: 'RETAINED', remark: why });
      expect(why.code).toMatch(/^suspicious_(share|table)$/);
    }
    expect(near!.fates.filter(({ remark }) => remark)).toHaveLength(suspicious.length);
    const rest = near!.fates.slice(0, -1).map(({ status, rank }) => ({ status, rank }));
    expect(rest).toEqual(outcome.fates.map(({ status, rank }) => ({ status, rank })));
  });

  it('cannot be judged without the known part of an overlapping target', () => {
    const learner = new PairLearner(planted.pairInput(config), config);
    const found = learner.learnHorizon({ ...planted.horizonInput(15), knownPart: null });
    expect(found.summary.verdict).toBe('INCONCLUSIVE');
    expect(found.summary.verdictReason.code).toBe('overlap_unknown');
  });

  it('stops when asked to, at any stage', () => {
    const learner = new PairLearner(planted.pairInput(config), config);
    for (const stage of ['prune', 'select', 'model', 'explain']) {
      let stop = false;
      const hooks = {
        onStage: (name: string) => {
          stop ||= name === stage;
        },
        isCancelled: () => stop,
      };
      expect(() => learner.learnHorizon(planted.horizonInput(30), hooks)).toThrow(CancelledError);
    }
  });
});

describe('a planted interaction', () => {
  it('is found, keeps both features and is reported', () => {
    const pair = simulatePair({ seed: 23n, rows: 3600, spacing: 12, noiseFeatures: 12, interaction: 0.25 });
    const settings = resolveLearnConfig('quick', {
      'interactions.features': '20',
      'models.leaf.rounds': '20',
    });
    const { document, fates } = learn(pair, 45, settings);
    const [first] = document.interactions!.retained;
    expect(first!.features).toEqual(['mkt_regime.left', 'mkt_regime.right']);
    expect(first!.explained).toBeGreaterThan(0);
    for (const id of ['mkt_regime.left', 'mkt_regime.right']) {
      const fate = fates[pair.features.findIndex((feature) => feature.id === id)]!;
      expect(fate.status).toBe('RETAINED');
      expect(fate.why.code).toBe('interaction');
    }
    expect(document.interactions!.bounds.rConcave).toBeLessThanOrEqual(0.5);
  });
});

describe('PairLearner', () => {
  it('refuses a horizon beyond the purge that pruning and selection rest on', () => {
    expect(() => learn(planted, 120)).toThrow(/set protocol.purgeBars=120 or more/);
  });

  it('refuses a horizon whose target the pair does not have', () => {
    expect(() => learn(planted, 20)).toThrow(/horizon 20 is none of the pair's targets/);
  });

  it('refuses arrays that do not fit the matrix', () => {
    const input = planted.pairInput(config);
    expect(() => new PairLearner({ ...input, featureIds: ['one'] }, config)).toThrow(
      /featureIds has 1 entries/,
    );
  });

  it('runs the mandated procedure with its own selection', () => {
    const overrides = Object.fromEntries(
      ['leaf', 'level', 'symmetric', 'value'].map((name) => [`models.${name}.rounds`, '10']),
    );
    const mandated = resolveLearnConfig('mandated', { ...overrides, 'explain.value': 'yes' });
    const outcome = learn(planted, 45, mandated);
    const retained = outcome.summary.featuresRetained;
    expect(outcome.document.shap!.value!.features).toHaveLength(retained);
    expect(outcome.document.shap!.features).toHaveLength(retained);
    expect(outcome.document.selection.method).toBe('boosted');
    expect(outcome.document.selection.expectedFalseSelections).toBeNull();
    expect(outcome.document.shap!.rowsWantedMet).toBe(false);
    expect(outcome.summary.expectedFalseSelections).toBeNaN();
  });
});

describe('explain.export', () => {
  it('keeps the values of every row, which add up to the scored prediction', () => {
    const settings = resolveLearnConfig('quick', { 'explain.export': 'yes', 'explain.value': 'yes' });
    const { document, explainedRows, fates } = learn(planted, 30, settings);
    const { features, outputs, time, final } = explainedRows!;
    expect(features[0]).toBe(planted.features[fates.findIndex((fate) => fate.rank === 1)]!.id);
    expect(time).toHaveLength(planted.bar.length);
    expect(final.reduce((sum, one) => sum + one, 0)).toBe(document.rows.final);
    expect(outputs.map(({ name }) => name)).toEqual(['direction', 'value']);
    for (const { baseValue, known, prediction, parts } of outputs) {
      expect(parts.reduce((sum, { rows }) => sum + rows, 0)).toBe(planted.bar.length);
      const [first] = parts;
      for (const k of [0, 17, first!.rows - 1]) {
        const sum = first!.features.reduce((total, values) => total + values[k]!, baseValue);
        expect(sum + known.values[k]!).toBeCloseTo(prediction[k]!, 10);
      }
    }
    expect(document.shap!.baseValue).toBe(outputs[0]!.baseValue);
    expect(learn(planted, 105).explainedRows).toBeNull();
  });
});

describe('docs/results.md', () => {
  it('names every field of the document', () => {
    const text = readFileSync(new URL('../../../../docs/results.md', import.meta.url), 'utf8');
    const document = learn(planted, 45).document;
    for (const [key, value] of Object.entries(document)) {
      expect(text, key).toContain(`\`${key}`);
      const parts = Array.isArray(value) ? value[0] : value;
      if (key === 'config' || parts === null || typeof parts !== 'object') continue;
      for (const inner of Object.keys(parts)) expect(text, `${key}.${inner}`).toContain(inner);
    }
  });
});
