import type { FeatureValues } from './feature-values.js';

/** Texts of a column that is encoded by their order; undefined for other encodings. */
export function ordinalTexts(encoding: string): readonly string[] | undefined {
  if (!encoding.startsWith('{')) return undefined;
  const { ordinal } = JSON.parse(encoding) as { ordinal: string[] };
  return ordinal;
}

/** Replaces codes in one list of texts by those in another, in place; both are sorted, NaN stays. */
export function recode(values: FeatureValues, from: readonly string[], to: readonly string[]): void {
  if (from.length === to.length) return; // one is part of the other, so they are the same
  const position = new Map(to.map((text, code) => [text, code]));
  const codes = from.map((text) => position.get(text) ?? Number.NaN);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i]!)) values[i] = codes[values[i]!]!;
  }
}

/** The texts whose codes occur, in order. */
export function textsInUse(values: FeatureValues, texts: readonly string[]): string[] {
  const used = new Set<number>();
  for (const value of values) if (!Number.isNaN(value)) used.add(value);
  return texts.filter((_, code) => used.has(code));
}
