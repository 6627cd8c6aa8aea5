import { z } from 'zod';
import { NoUsableAnswer } from './bigquery-problem.js';

/** The parts of BigQuery's answers that are used; it sends 64-bit numbers as texts. */
const integer = z.string().regex(/^\d+$/);

const tableReference = z.object({ projectId: z.string(), datasetId: z.string(), tableId: z.string() });

export const jobAnswer = z.object({
  status: z.object({
    state: z.string(),
    errorResult: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
  }),
  configuration: z.object({
    query: z.object({ query: z.string(), destinationTable: tableReference.optional() }),
  }),
  statistics: z.object({ query: z.object({ totalBytesBilled: integer.optional() }).optional() }).optional(),
});

export const insertAnswer = z.object({ status: z.object({ state: z.string() }) });

export const dryRunAnswer = z.object({
  statistics: z.object({
    totalBytesProcessed: integer,
    query: z
      .object({
        referencedTables: z.array(tableReference).optional(),
        totalBytesProcessedAccuracy: z.string().optional(),
      })
      .optional(),
  }),
});

export const tableAnswer = z.object({
  schema: z.object({ fields: z.array(z.object({ name: z.string() })) }),
  numRows: integer,
});

/** Rows are many: that they are a list is all that is checked. */
export const rowsAnswer = z.object({
  rows: z.custom<readonly { readonly f: readonly Cell[] }[]>(Array.isArray).optional(),
  pageToken: z.string().optional(),
  totalRows: integer,
});

export const anyAnswer = z.object({});

export type TableReference = z.infer<typeof tableReference>;
/** A job's resource. */
export type JobState = z.infer<typeof jobAnswer>;
export type RowsPage = z.infer<typeof rowsAnswer>;

/** A cell of a row: `v` is a text, null, or cells of a list. */
export interface Cell {
  readonly v: string | null | readonly Cell[];
}

const EXCERPT_CHARACTERS = 60;

/**
 * The body of an answer, checked: a proxy or a captive portal may answer in BigQuery's stead, with status 200.
 *
 * @throws NoUsableAnswer
 */
export function readAnswer<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  if (body === undefined || body === null || body === '') throw new NoUsableAnswer('the answer is empty');
  if (typeof body !== 'object') {
    const excerpt = String(body).replace(/\s+/g, ' ').trim().slice(0, EXCERPT_CHARACTERS);
    throw new NoUsableAnswer(`the answer is not BigQuery's but begins with "${excerpt}"`);
  }
  const { path, message } = parsed.error.issues[0]!;
  throw new NoUsableAnswer(`the answer is not BigQuery's: ${path.join('.')}: ${message}`);
}
