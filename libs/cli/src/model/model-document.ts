import { OnescanError } from '@onescan/contract/onescan-error.js';
import { z } from 'zod';

/** Longest first line of a file of models: thousands of features, a calibration of many steps. */
export const MAX_HEADER_BYTES = 64 * 1024 ** 2;

const number = z.number();
const name = z.enum(['leaf', 'level', 'symmetric', 'logistic', 'value', 'ridge']);

const overlapInput = z.object({
  source: z.enum(['known', 'persistence']),
  relative: z.boolean(),
  mean: number,
  scale: number,
  coefficient: number,
});

const steps = (method: 'isotonic' | 'venn-abers') =>
  z
    .object({ method: z.literal(method), from: z.array(number).min(1), probability: z.array(number).min(1) })
    .refine(({ from, probability }) => from.length === probability.length, 'as many probabilities as steps');

const productPart = z
  .object({ feature: z.int().nonnegative(), bounds: z.array(number), scores: z.array(number).min(1) })
  .refine(({ bounds, scores }) => scores.length === bounds.length + 1, 'one score more than bounds');

/** What docs/models.md says of model.json. */
const modelDocument = z.object({
  format: z.literal('onescan.horizon-models'),
  formatVersion: z.union([z.literal(1), z.literal(2)]),
  pair: z.string(),
  horizon: z.int().positive(),
  targetWindow: z.int().positive(),
  dataset: z.object({ id: z.string(), contentSha256: z.string() }),
  spec: z.object({ preset: z.string(), overrides: z.record(z.string(), z.string()), seed: z.string() }),
  features: z.array(z.object({ feature: z.string(), name: z.string(), encoding: z.string() })).min(1),
  /** Files of version 1 have none. */
  products: z.array(z.object({ name: z.string(), parts: z.array(productPart).length(2) })).default([]),
  base: z.discriminatedUnion('name', [
    z.object({ name: z.literal('base_rate'), logOdds: number }),
    z.object({
      name: z.literal('overlap_logistic'),
      targetWindow: z.int().positive(),
      intercept: number,
      inputs: z.array(overlapInput).min(1),
    }),
  ]),
  direction: z.object({
    models: z.array(name),
    intercept: number,
    baseWeight: number,
    weights: z.array(number),
    calibration: z.discriminatedUnion('method', [
      z.object({ method: z.literal('platt'), slope: number, intercept: number }),
      steps('isotonic'),
      steps('venn-abers'),
    ]),
  }),
  value: z.object({ models: z.array(name), weights: z.array(number), addsKnownPart: z.boolean() }),
  models: z
    .array(
      z.object({
        name,
        file: z.string().regex(/^[a-z]+\.txt$/),
        bytes: z.int().positive(),
        sha256: z.string(),
      }),
    )
    .min(1),
});

/** How the predictions of a horizon come of its models, and which files those are in. */
export type ModelDocument = z.infer<typeof modelDocument>;

/**
 * Reads model.json, or the first line of a file of models.
 *
 * @param where it stands, for messages
 * @throws OnescanError INVALID_ARGUMENT naming the field that does not fit
 */
export function parseModelDocument(text: string, where: string): ModelDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new OnescanError('INVALID_ARGUMENT', `${where} is not JSON`, { cause });
  }
  const parsed = modelDocument.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue!.path.join('.');
  throw new OnescanError('INVALID_ARGUMENT', `${where}: ${field || 'the document'}: ${issue!.message}`, {
    remedy: 'Save the models again with `onescan model`, of the same version',
  });
}
