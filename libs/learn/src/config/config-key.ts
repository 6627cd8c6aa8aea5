export type PresetName = 'quick' | 'standard' | 'mandated';

/** One setting: what it means, its bounds or choices, and its value in each preset. */
export interface ConfigKey {
  readonly doc: string;
  readonly min?: number;
  readonly max?: number;
  readonly integer?: boolean;
  readonly choices?: readonly string[];
  /** The value is a list of choices, each once, separated by commas. */
  readonly several?: boolean;
  readonly defaults: Readonly<Record<PresetName, number | string>>;
}

/** A value of each preset. */
export type Three<T> = readonly [quick: T, standard: T, mandated: T];

function presets<T extends number | string>([quick, standard, mandated]: Three<T>): Record<PresetName, T> {
  return { quick, standard, mandated };
}

/** A whole number. */
export function whole(doc: string, [min, max]: readonly [number, number], values: Three<number>): ConfigKey {
  return { doc, min, max, integer: true, defaults: presets(values) };
}

/** A number. */
export function real(doc: string, [min, max]: readonly [number, number], values: Three<number>): ConfigKey {
  return { doc, min, max, defaults: presets(values) };
}

/** One of some names. */
export function choice(doc: string, choices: readonly string[], values: Three<string>): ConfigKey {
  return { doc, choices, defaults: presets(values) };
}
