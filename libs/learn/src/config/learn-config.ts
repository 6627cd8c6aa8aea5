import { LearnInputError } from '../errors/learn-input-error.js';
import type { GrowthSettings } from '../models/model-entry.js';
import type { BoostedName } from '../models/model-registry.js';
import type { ProtocolSettings } from '../splits/development-rows.js';
import type { StabilityMethod } from '../stability/stability-methods.js';
import { CONFIG_KEYS, type ConfigKey, type PresetName } from './learn-config-keys.js';
import { requireWorkable } from './workable-config.js';

export type { PresetName } from './learn-config-keys.js';

/** Everything that determines what is learned; see learn-config-keys.ts for each key's meaning and bounds. */
export interface LearnConfig {
  readonly preset: PresetName;
  readonly binning: { readonly bins: number };
  readonly protocol: ProtocolSettings;
  readonly prune: {
    readonly missingShare: number;
    readonly oneValueShare: number;
    readonly correlation: number;
  };
  readonly leaks: { readonly honestShare: number; readonly suspicious: 'keep' | 'refuse' };
  readonly select: {
    readonly method: 'stability' | 'boosted';
    readonly methods: readonly StabilityMethod[];
    readonly target: 'unknown' | 'value';
    readonly nested: 'no' | 'yes';
    readonly bound: 'unimodal' | 'r-concave';
    readonly pairs: number;
    readonly blocks: number;
    readonly threshold: number;
    readonly maxFalse: number;
    readonly maxFeatures: number;
  };
  readonly interactions: {
    readonly features: number;
    readonly sizes: number;
    readonly maxFalse: number;
  };
  readonly models: {
    readonly start: 'overlap' | 'base-rate';
    readonly linearFeatures: number;
    readonly earlyStoppingRounds: number;
    readonly export: 'no' | 'yes';
  } & Readonly<Record<BoostedName, GrowthSettings>>;
  readonly stacking: { readonly priorBlocks: number };
  readonly calibration: {
    readonly method: 'platt' | 'isotonic' | 'venn-abers';
    readonly priorBlocks: number;
  };
  readonly gating: { readonly minCoverage: number };
  readonly verdict: {
    readonly level: number;
    readonly replicates: number;
    readonly minRows: number;
    readonly minBlocks: number;
  };
  readonly explain: {
    readonly rows: number;
    readonly minRows: number;
    readonly topFeatures: number;
    readonly interactionRows: number;
    readonly method: 'path-dependent' | 'interventional';
    readonly background: number;
    readonly value: 'no' | 'yes';
    readonly export: 'no' | 'yes';
  };
}

/**
 * The configuration of a preset with overrides applied.
 *
 * @param preset `quick` (a demonstration in minutes), `standard` (statistically sound) or `mandated` (the
 *   reference procedure of the original project)
 * @param overrides dotted key to text, e.g. `{ 'protocol.folds': '8' }`
 * @throws LearnInputError naming the preset, the unknown key, the key whose value is out of bounds, or the one that works with
 *   no data beside the others
 */
export function resolveLearnConfig(preset: string, overrides: Record<string, string> = {}): LearnConfig {
  if (preset !== 'quick' && preset !== 'standard' && preset !== 'mandated') {
    throw new LearnInputError(`unknown preset '${preset}': use quick, standard or mandated`);
  }
  for (const key of Object.keys(overrides)) {
    if (!Object.hasOwn(CONFIG_KEYS, key)) {
      throw new LearnInputError(`unknown learning setting '${key}'${nearestKey(key)}`);
    }
  }
  const config: Record<string, unknown> = { preset };
  for (const [key, spec] of Object.entries(CONFIG_KEYS)) {
    const text = overrides[key];
    setPath(config, key.split('.'), parseValue(key, spec, text ?? String(spec.defaults[preset])));
  }
  const resolved = config as unknown as LearnConfig;
  requireWorkable(resolved, overrides);
  return resolved;
}

function parseValue(key: string, spec: ConfigKey, text: string): number | string | string[] {
  if (spec.choices && spec.several) return parseList(key, spec.choices, text);
  if (spec.choices) {
    if (spec.choices.includes(text)) return text;
    throw new LearnInputError(`${key} must be one of ${spec.choices.join(', ')}, got '${text}'`);
  }
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const fits = value >= spec.min! && value <= spec.max! && (!spec.integer || Number.isInteger(value));
  if (fits) return value;
  const kind = spec.integer ? 'a whole number' : 'a number';
  throw new LearnInputError(`${key} must be ${kind} from ${spec.min} to ${spec.max}, got '${text}'`);
}

/** @returns in the order of the choices, whatever the order given */
function parseList(key: string, choices: readonly string[], text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !choices.includes(name));
  if (unknown !== undefined) {
    throw new LearnInputError(
      `${key} must be some of ${choices.join(', ')}, separated by commas, got '${unknown}'`,
    );
  }
  if (new Set(names).size < names.length) throw new LearnInputError(`${key} names one twice: '${text}'`);
  return choices.filter((choice) => names.includes(choice));
}

function setPath(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    target[head] = value;
    return;
  }
  target[head] ??= {};
  setPath(target[head] as Record<string, unknown>, rest, value);
}

function nearestKey(key: string): string {
  const leaf = key.split('.').at(-1)!.toLowerCase();
  const match = Object.keys(CONFIG_KEYS).find((known) => known.toLowerCase().endsWith(leaf));
  return match === undefined ? '' : `; did you mean '${match}'?`;
}
