import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { OBJECTIVES } from '../boosting/objective.js';
import { trainBooster } from '../boosting/train-booster.js';
import { resolveLearnConfig } from '../config/learn-config.js';
import { CONFIG_KEYS } from '../config/learn-config-keys.js';
import { BOOSTED_ENTRIES, BOOSTED_NAMES, DIRECTION_MODELS, MODEL_NAMES } from '../models/model-registry.js';
import { STABILITY_METHOD_NAMES, STABILITY_METHODS } from '../stability/stability-methods.js';
import { simulatePair } from '../testing/simulated-pair.js';
import { PairLearner } from './pair-learner.js';

vi.setConfig({ testTimeout: 120_000 });

const page = readFileSync(new URL('../../../../docs/learning-settings.md', import.meta.url), 'utf8');
const brief = Object.fromEntries(BOOSTED_NAMES.map((name) => [`models.${name}.rounds`, '6']));
const pair = simulatePair({ seed: 81n, rows: 1600, spacing: 8, noiseFeatures: 6, effect: 0.4 });

function learn(overrides: Record<string, string>) {
  const config = resolveLearnConfig('quick', { ...brief, ...overrides });
  return new PairLearner(pair.pairInput(config), config).learnHorizon(pair.horizonInput(30));
}

it.each(STABILITY_METHOD_NAMES)('%s is described in the settings and selects by itself', (name) => {
  expect(page).toContain(`${name}: ${STABILITY_METHODS[name].doc}`);
  const { selection } = learn({ 'select.methods': name }).document;
  expect(selection).toMatchObject({ method: 'stability', methods: [name] });
  expect(Object.keys('stableBy' in selection ? selection.stableBy : {})).toEqual([name]);
});

it.each(BOOSTED_NAMES)('%s has settings of its own, with its values in each preset', (name) => {
  for (const [key, [quick, standard, mandated]] of Object.entries(BOOSTED_ENTRIES[name].presets)) {
    expect(CONFIG_KEYS[`models.${name}.${key}`]?.defaults).toEqual({ quick, standard, mandated });
    expect(page).toContain(`\`models.${name}.${key}\``);
  }
});

it('every model is trained, stacked, scored and explained', () => {
  const { models, stack, shap } = learn({}).document;
  expect(models).toHaveLength(MODEL_NAMES.length);
  expect(models.filter(({ predicts }) => predicts === 'direction').map(({ name }) => name)).toEqual(
    DIRECTION_MODELS,
  );
  expect(Object.keys(stack!.weights)).toEqual(DIRECTION_MODELS);
  expect(Object.keys(shap!.features[0]!.models)).toEqual(DIRECTION_MODELS);
});

it.each(Object.keys(OBJECTIVES) as (keyof typeof OBJECTIVES)[])(
  '%s is a loss that trees lower',
  (objective) => {
    const config = resolveLearnConfig('quick', brief);
    const { matrix } = pair.pairInput(config);
    const rows = Uint32Array.from({ length: matrix.rows }, (_, row) => row);
    const label = Float64Array.from(matrix.readColumn(0), (bin) => bin / matrix.bins);
    const { validationLoss } = trainBooster(
      { matrix, rows, label, validationRows: rows },
      { objective, rounds: 5 },
    );
    expect(validationLoss.at(-1)).toBeLessThan(validationLoss[0]!);
  },
);
