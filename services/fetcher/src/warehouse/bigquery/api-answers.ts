import { z } from 'zod';
import { NoUsableAnswer } from './bigquery-problem.js';
import { sentError } from './problem-of.js';

/**
 * The parts of BigQuery's answers that are used; it sends 64-bit numbers as texts. Most fields may be missing: required
 * here is only what recorded answers of the kind always have.
 */
const integer = z.string().regex(/^\d+$/);

const tableReference = z.object({ projectId: z.string(), datasetId: z.string(), tableId: z.string() });

const jobStatus = z.object({
  state: z.string(),
  errorResult: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
});

export const jobAnswer = z.object({
  status: jobStatus,
  configuration: z
    .object({
      query: z
        .object({ query: z.string().optional(), destinationTable: tableReference.optional() })
        .optional(),
    })
    .optional(),
  statistics: z.object({ query: z.object({ totalBytesBilled: integer.optional() }).optional() }).optional(),
});

/** Of a statement that is refused with status 200 there is an error and no number of bytes. */
export const dryRunAnswer = z.object({
  status: jobStatus,
  statistics: z.object({
    totalBytesProcessed: integer.optional(),
    query: z
      .object({
        totalBytesProcessed: integer.optional(),
        referencedTables: z.array(tableReference).optional(),
        totalBytesProcessedAccuracy: z.string().optional(),
      })
      .optional(),
  }),
});

export const tableAnswer = z.object({
  /** TABLE, VIEW, EXTERNAL, ... */
  type: z.string().optional(),
  numRows: integer.optional(),
  lastModifiedTime: integer.optional(),
  schema: z
    .object({
      fields: z
        .array(z.object({ name: z.string(), type: z.string(), mode: z.string().optional() }))
        .optional(),
    })
    .optional(),
  timePartitioning: z.object({ field: z.string().optional() }).optional(),
});

export const tableListAnswer = z.object({
  tables: z.array(z.object({ tableReference })).optional(),
  nextPageToken: z.string().optional(),
});

/** Rows are many: that they are a list is all that is checked. */
export const resultsAnswer = z.object({
  jobComplete: z.boolean(),
  schema: z.object({ fields: z.array(z.object({ name: z.string() })).optional() }).optional(),
  rows: z.custom<readonly { readonly f: readonly Cell[] }[]>(Array.isArray).optional(),
  pageToken: z.string().optional(),
  totalRows: integer.optional(),
});

export const anyAnswer = z.object({});

export type TableReference = z.infer<typeof tableReference>;
/** A job's resource. */
export type JobState = z.infer<typeof jobAnswer>;
/** A table's resource. */
export type TableResource = z.infer<typeof tableAnswer>;
export type ResultsPage = z.infer<typeof resultsAnswer>;

/** A cell of a row: `v` is a text, null, cells of a list, or a record. */
export interface Cell {
  readonly v: string | null | readonly Cell[] | { readonly f: readonly Cell[] };
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
  if (typeof body !== 'object' || body === null) throw new NoUsableAnswer(foreign(body));
  const { path, message } = parsed.error.issues[0]!;
  throw new NoUsableAnswer(`the answer is not BigQuery's: ${path.join('.')}: ${message}`);
}

/**
 * The error that the client made of an answer; NoUsableAnswer in its stead when the answer is none of BigQuery's errors:
 * a job is not missing because a proxy says 404.
 */
export function readRefusal(error: Error): Error {
  const { response } = error as { response?: { statusCode?: unknown; body?: unknown } };
  if (typeof response?.statusCode !== 'number' || response.statusCode < 300) return error;
  if (sentError(response.body)) return error;
  return new NoUsableAnswer(`status ${response.statusCode}: ${foreign(response.body)}`);
}

function foreign(body: unknown): string {
  if (body === undefined || body === null || body === '') return 'the answer is empty';
  const text = typeof body === 'object' ? JSON.stringify(body) : String(body);
  const excerpt = text.replace(/\s+/g, ' ').trim().slice(0, EXCERPT_CHARACTERS);
  return `the answer is not BigQuery's but begins with "${excerpt}"`;
}
