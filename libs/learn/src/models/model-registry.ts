import { leafWise, levelWise, symmetric, valueBooster } from './boosted-models.js';
import type { BoostedEntry, LinearEntry } from './model-entry.js';
import { logistic, ridge } from './penalised-linear.js';

/** Boosters for direction, in stacking order: a new one is its own file and a line here. */
const BOOSTERS = {
  leaf: leafWise,
  level: levelWise,
  symmetric,
} as const satisfies Readonly<Record<string, BoostedEntry>>;

/** All models for direction, in stacking order. Exactly one is linear and comes after the boosters. */
export const DIRECTION_ENTRIES = {
  ...BOOSTERS,
  logistic,
} as const satisfies Readonly<Record<string, BoostedEntry | LinearEntry>>;

/** All models of a horizon: those for direction, and `value` and `ridge` for the unknown part. */
export const MODEL_ENTRIES = {
  ...DIRECTION_ENTRIES,
  value: valueBooster,
  ridge,
} as const satisfies Readonly<Record<string, BoostedEntry | LinearEntry>>;

export type BoosterName = keyof typeof BOOSTERS;
export type DirectionName = keyof typeof DIRECTION_ENTRIES;
export type ModelName = keyof typeof MODEL_ENTRIES;
/** Models with settings of their own. */
export type BoostedName = BoosterName | 'value';

export const BOOSTER_NAMES = Object.keys(BOOSTERS) as readonly BoosterName[];
export const DIRECTION_MODELS = Object.keys(DIRECTION_ENTRIES) as readonly DirectionName[];
export const MODEL_NAMES = Object.keys(MODEL_ENTRIES) as readonly ModelName[];
export const BOOSTED_ENTRIES: Readonly<Record<BoostedName, BoostedEntry>> = {
  ...BOOSTERS,
  value: valueBooster,
};
export const BOOSTED_NAMES = Object.keys(BOOSTED_ENTRIES) as readonly BoostedName[];

export function isBoosted(name: ModelName): name is BoostedName {
  return Object.hasOwn(BOOSTED_ENTRIES, name);
}
