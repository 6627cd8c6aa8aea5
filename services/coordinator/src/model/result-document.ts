import { OnescanError } from '@onescan/contract/onescan-error.js';
import { CALENDAR_CELLS, MOST_CELLS, type ResultDocument as WrittenDocument } from '@onescan/learn';
import { z } from 'zod';

const ESTIMATE = z.object({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});

const GATE = z.object({ calls: z.number(), coverage: z.number().nullable(), accuracy: ESTIMATE });

/** Rows of neighbouring values of a feature, or those without one. */
const DEPENDENCE = z.object({
  missing: z.boolean().optional(),
  rows: z.number(),
  meanValue: z.number().nullish(),
  meanShap: z.number().nullable(),
});

/** A feature's values (null: missing) and SHAP values in the rows of the sample. */
const SAMPLED = z.object({
  feature: z.string(),
  values: z.array(z.number().nullable()),
  shap: z.array(z.number()),
});

const INTERACTION = z.object({ features: z.tuple([z.string(), z.string()]), meanAbs: z.number() });

const FOLD_FIGURES = z.object({
  auc: z.number().nullable(),
  logLoss: z.number().nullable(),
  accuracy: z.number().nullable(),
});

/** How good the stack was in one part of time, beside what it starts from. */
const FOLD = FOLD_FIGURES.extend({
  fold: z.number().int(),
  rows: z.number(),
  from: z.number().min(-8.64e15).max(8.64e15),
  to: z.number().min(-8.64e15).max(8.64e15),
  known: FOLD_FIGURES,
});

const P_VALUE = z.number().min(0).max(1).nullable();

const INFLUENCES = z.array(z.number()).min(1).max(MOST_CELLS);

/** What the rows of each cell of calendar time add to gain and edge. */
const CALENDAR = z
  .object({
    cell: z.number().refine((cell) => CALENDAR_CELLS.includes(cell)),
    first: z.int(),
    gain: INFLUENCES,
    edge: INFLUENCES,
  })
  .refine(({ gain, edge }) => gain.length === edge.length);

const FACTS = z.record(z.string(), z.unknown());

/** A feature that predicts too well, with the reason as code and facts (from version 2 on) and as a sentence. */
const SUSPECT = z.object({
  feature: z.string(),
  reason: z.string(),
  reasonCode: z.string().optional(),
  facts: FACTS.optional(),
});

/** The parts of a result document (docs/results.md) that are stored, listed or shown; the rest is left alone. */
const RESULT_DOCUMENT = z.object({
  format: z.literal('onescan.horizon-result'),
  /** 1: reasons are sentences alone; 2: no verdict is suspect, and there are no p-values. */
  formatVersion: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  pair: z.string(),
  horizon: z.number().int(),
  dataset: z.object({ contentSha256: z.string() }),
  verdict: z.enum(['SKILL', 'SKILL_SUSPECT', 'NO_SKILL_BEYOND_OVERLAP', 'INCONCLUSIVE']),
  verdictText: z.string().max(4_096),
  verdictReason: z.object({ code: z.string(), facts: FACTS }).optional(),
  features: z.object({
    tested: z.number().int(),
    retained: z.number().int(),
    /** Documents of earlier versions have none. */
    products: z.number().int().nonnegative().default(0),
  }),
  rows: z.object({ usable: z.number(), development: z.number(), final: z.number(), explained: z.number() }),
  skill: z.object({
    level: z.number(),
    logLossGain: ESTIMATE,
    accuracyGain: ESTIMATE,
    unknownEdge: ESTIMATE,
    honestEdge: z.number().optional(),
    pValue: z.object({ gain: P_VALUE, edge: P_VALUE, both: P_VALUE }).optional(),
    detectable: z.object({ gain: z.number().nullable(), auc: z.number().nullable() }).optional(),
    blocks: z.number().optional(),
    calendar: CALENDAR.nullish(),
  }),
  selection: z.object({
    method: z.string(),
    threshold: z.number(),
    expectedFalseSelections: z.number().nullable(),
    shadowSelections: z.number().nullish(),
    leakage: z.array(SUSPECT).default([]),
  }),
  suspicious: z.array(SUSPECT).default([]),
  final: z.object({
    direction: z.object({
      accuracy: ESTIMATE,
      auc: ESTIMATE,
      logLoss: ESTIMATE,
      brier: ESTIMATE,
      calibrationError: ESTIMATE,
    }),
  }),
  outOfFold: z.object({ byFold: z.array(FOLD).optional() }).optional(),
  baselines: z.array(
    z.object({ name: z.string(), accuracy: ESTIMATE, randomWalkAccuracy: z.number().nullable() }),
  ),
  interactions: z
    .object({
      tested: z.number(),
      shadowSelections: z.number().nullable(),
      retained: z.array(
        z.object({
          features: z.tuple([z.string(), z.string()]),
          by: z.tuple([z.enum(['value', 'size']), z.enum(['value', 'size'])]).default(['value', 'value']),
          frequency: z.number(),
        }),
      ),
    })
    .nullable(),
  reliability: z.array(z.object({ rows: z.number(), meanPredicted: z.number(), observed: ESTIMATE })),
  gating: z.object({
    thresholds: z.array(GATE.extend({ threshold: z.number() })),
    coverages: z.array(
      z.object({
        coverage: z.number(),
        calls: z.number(),
        accuracy: ESTIMATE,
        baselines: z.record(z.string(), ESTIMATE),
      }),
    ),
    chosen: GATE.extend({ threshold: z.number() }).nullable(),
  }),
  shap: z
    .object({
      unit: z.string(),
      rowsExplained: z.number(),
      rowsWanted: z.number(),
      rowsWantedMet: z.boolean(),
      maxAdditivityError: z.number(),
      basis: z.string(),
      known: z.object({ name: z.string(), meanAbs: z.number() }).optional(),
      features: z
        .array(
          z.object({
            feature: z.string(),
            meanAbs: z.number(),
            byFold: z.array(z.number().nullable()).optional(),
          }),
        )
        .optional(),
      top: z.array(z.object({ feature: z.string(), dependence: z.array(DEPENDENCE) })).optional(),
      sample: z.object({ rows: z.number(), features: z.array(SAMPLED) }).optional(),
      interactions: z.object({ rows: z.number(), pairs: z.array(INTERACTION) }).nullish(),
    })
    .nullable(),
});

type Fixed<T> = T extends object ? { readonly [K in keyof T]: Fixed<T[K]> } : T;
type Readable<Written extends Fixed<z.input<typeof RESULT_DOCUMENT>>> = Written;

/** What trainers send. It does not compile when something is read here that the engine does not write. */
export type SentDocument = Readable<WrittenDocument>;

export type ResultDocument = Fixed<z.infer<typeof RESULT_DOCUMENT>>;
export type SampledFeature = Fixed<z.infer<typeof SAMPLED>>;
export type FoldFigures = Fixed<z.infer<typeof FOLD>>;
export type DependenceGroup = Fixed<z.infer<typeof DEPENDENCE>>;
export type EstimateJson = Fixed<z.infer<typeof ESTIMATE>>;

/**
 * Reads a stored result document.
 *
 * @throws OnescanError DATA_LOSS naming the task and the part that is not as docs/results.md says
 */
export function readResultDocument(
  task: { pair: string; horizon: number },
  document: Uint8Array,
): ResultDocument {
  const name = `the result document of ${task.pair} h${task.horizon}`;
  const remedy = 'Run coordinator and trainers of the same version, then: onescan resume RUN';
  const parsed = RESULT_DOCUMENT.safeParse(parseJson(document));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const where = issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  throw new OnescanError('DATA_LOSS', `${name} cannot be read${where}: ${issue.message}`, {
    remedy,
    cause: parsed.error,
  });
}

/** Undefined for what is not JSON in UTF-8. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
