import { z } from 'zod';

/** What a code means, which facts it needs, and the sentence that is made of them. */
export interface ReasonEntry<S extends z.ZodRawShape = z.ZodRawShape> {
  /** Of all reasons with this code, to be read after "because"; docs/results.md has it. */
  readonly meaning: string;
  /** Facts by name; others are refused. */
  readonly facts: z.ZodObject<S, z.core.$strict>;
  /** The one place where such a reason becomes words, without a full stop. */
  sentence(facts: z.output<z.ZodObject<S, z.core.$strict>>): string;
  /** What stands before the sentence where nothing else says it. */
  readonly label?: string;
}

export function reasonEntry<S extends z.ZodRawShape>(
  meaning: string,
  shape: S,
  sentence: ReasonEntry<S>['sentence'],
  label?: string,
): ReasonEntry<S> {
  return { meaning, facts: z.strictObject(shape), sentence, ...(label === undefined ? {} : { label }) };
}

/** Sums of shares may round beyond 1. */
const ROUNDING = 1e-9;

/** Kinds of facts. Every text and list has a bound: facts come from peers. */
export const FACT = {
  count: z.int().nonnegative(),
  /** Any finite number. */
  figure: z.number(),
  share: z
    .number()
    .min(-ROUNDING)
    .max(1 + ROUNDING),
  horizon: z.int().positive(),
  /** Of a table, column, feature, group, setting or type. */
  name: z.string().max(2_048),
  names: z.array(z.string().max(2_048)).max(64),
  /** Words of somebody else: a warehouse, a file, a person. */
  words: z.string().max(4_096),
  /** Shares by name, e.g. of a selection method. */
  shares: z
    .record(z.string().max(64), z.number().min(0).max(1))
    .refine((shares) => Object.keys(shares).length >= 1 && Object.keys(shares).length <= 16),
} as const;

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** The first names of many. @param all how many there are */
export function firstNames(names: readonly string[], all: number): string {
  return `${names.join(', ')}${all > names.length ? ', ...' : ''}`;
}
