import {
  type DiscoverySchema,
  type DiscoverySchemas,
  findRecordings,
  type Json,
  type Recording,
  readDiscovery,
  readRecordings,
} from '@onescan/fetcher/testing/warehouse/bigquery/bigquery-recordings.js';

/** An answer of the fake, and what was asked. */
export interface SentAnswer {
  readonly method: string;
  /** Without the project, "jobs/J". */
  readonly path: readonly string[];
  readonly status: number;
  readonly body: unknown;
}

const WIDE_INTEGER = /^-?\d+$/;

/** What in a value is not as a schema of the discovery document says: unknown fields, other types of JSON. */
export function schemaProblems(
  schemas: DiscoverySchemas,
  schema: DiscoverySchema,
  value: unknown,
  path: string,
): string[] {
  if (schema.$ref !== undefined) return schemaProblems(schemas, schemas[schema.$ref]!, value, path);
  const is = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const { type = 'any', format, properties, additionalProperties, items } = schema;
  if (type === 'any') return [];
  const expected = type === 'integer' ? 'number' : type;
  if (is !== expected) return [`${path} is ${is}, not ${type}`];
  if (type === 'integer' && !Number.isInteger(value)) return [`${path} is no integer`];
  if ((format === 'int64' || format === 'uint64') && !WIDE_INTEGER.test(String(value)))
    return [`${path} is no ${format}`];
  if (schema.enum && !schema.enum.includes(String(value))) return [`${path} is ${value}`];
  if (Array.isArray(value))
    return value.flatMap((item, i) => schemaProblems(schemas, items ?? {}, item, `${path}[${i}]`));
  if (type !== 'object') return [];
  return Object.entries(value as Json).flatMap(([name, field]) => {
    const known = properties?.[name] ?? additionalProperties;
    if (known) return schemaProblems(schemas, known, field, `${path}.${name}`);
    return properties ? [`${path}.${name} is not known`] : [];
  });
}

/** Paths of all fields of a value; of lists those that all items have. Rows are not looked into. */
export function fieldPaths(value: unknown, path = ''): Set<string> {
  if (Array.isArray(value)) {
    const items = value.map((item) => fieldPaths(item, `${path}[]`));
    return items.length === 0 ? new Set() : items.reduce(common);
  }
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(
    Object.entries(value).flatMap(([name, field]) => {
      const own = path === '' ? name : `${path}.${name}`;
      return name === 'rows' ? [own] : [own, ...fieldPaths(field, own)];
    }),
  );
}

/** Paths of lists without items, of whose fields nothing can be said. */
function emptyLists(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    return value.length === 0 ? [path] : value.flatMap((item) => emptyLists(item, `${path}[]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) =>
    name === 'rows' ? [] : emptyLists(field, path === '' ? name : `${path}.${name}`),
  );
}

function common(a: Set<string>, b: Set<string>): Set<string> {
  return new Set([...a].filter((path) => b.has(path)));
}

/** Kinds of answers that the fake sends and that were recorded whole. */
export type AnswerKind =
  | 'dry run'
  | 'job RUNNING'
  | 'job DONE'
  | 'job refused'
  | 'result'
  | 'result not ready'
  | 'table'
  | 'rows'
  | 'error';

/** Of a job that has run BigQuery tells how, which the fake does not simulate. */
const NOT_SIMULATED = /^statistics\.query\.(queryPlan|timeline)|^expirationTime$/;

/** Undefined for kinds that were not recorded. */
export function answerKind({ method, path, status, body }: SentAnswer): AnswerKind | undefined {
  if (status >= 400) return 'error';
  const answer = body as { jobComplete?: boolean; configuration?: Json; statistics?: Json; status?: Json };
  const [kind, , third, , fifth] = path;
  if (kind === 'queries' && method === 'GET') return answer.jobComplete ? 'result' : 'result not ready';
  if (kind === 'datasets' && third === 'tables') return fifth === 'data' ? 'rows' : 'table';
  if (kind !== 'jobs' || third === 'cancel') return undefined;
  if (answer.configuration?.dryRun) return 'dry run';
  if (!answer.configuration?.query || !answer.status) return undefined;
  if (answer.status.errorResult) return answer.statistics?.query ? undefined : 'job refused';
  return answer.status.state === 'DONE' ? 'job DONE' : 'job RUNNING';
}

/** What recorded answers of every kind always have, and all that any of them has. */
export function recordedShapes(recordings: readonly Recording[]) {
  const shapes = new Map<AnswerKind, { always: Set<string>; ever: Set<string> }>();
  for (const { method, path, status, response, request } of recordings) {
    // Answers of which only some fields were asked for, and those to other statements than queries.
    if (/[?&]fields=./.test(path)) continue;
    const sql = (request?.configuration as { query?: { query?: string } } | undefined)?.query?.query;
    if (sql !== undefined && !/^\s*select/i.test(sql)) continue;
    const parts = path.split('?')[0]!.split('/').slice(5);
    const kind = answerKind({ method, path: parts, status, body: response });
    if (kind === undefined || (kind === 'table' && (method !== 'GET' || parts.length !== 4))) continue;
    if (kind === 'result' && response.totalRows === undefined) continue;
    const paths = fieldPaths(response);
    const known = shapes.get(kind);
    if (known) {
      known.always = common(known.always, paths);
      known.ever = new Set([...known.ever, ...paths]);
    } else shapes.set(kind, { always: paths, ever: paths });
  }
  return shapes;
}

/** Holds answers against the discovery document and what recorded answers of their kind always have. */
export class AnswerConformance {
  readonly problems = new Set<string>();
  readonly checked = new Map<string, number>();
  readonly #shapes: ReturnType<typeof recordedShapes>;
  readonly #schemas: DiscoverySchemas;

  private constructor(folder: string) {
    this.#schemas = readDiscovery(folder);
    this.#shapes = recordedShapes(readRecordings(folder));
  }

  /** Undefined where there are no recordings beside the checkout, which is said once. */
  static open(): AnswerConformance | undefined {
    const folder = findRecordings();
    if (folder !== undefined) return new AnswerConformance(folder);
    console.warn(
      'answers of the fake: no shared/data beside the checkout, so they are not held against the real ones',
    );
    return undefined;
  }

  check(answer: SentAnswer): void {
    // The client library parses what it gets: only what is JSON is said.
    const body: unknown = JSON.parse(JSON.stringify(answer.body));
    const kind = answerKind({ ...answer, body });
    const name = kind ?? `${answer.method} ${answer.path[0]}`;
    this.checked.set(name, (this.checked.get(name) ?? 0) + 1);
    const schema = schemaOf(answer);
    if (schema !== undefined) this.#note(name, schemaProblems(this.#schemas, { $ref: schema }, body, ''));
    const shape = kind && this.#shapes.get(kind);
    if (!shape) return;
    const sent = fieldPaths(body);
    const isSent = (field: string): boolean =>
      sent.has(field) || emptyLists(body).some((list) => field.startsWith(`${list}[]`));
    const lacking = [...shape.always].filter((field) => !isSent(field) && !NOT_SIMULATED.test(field));
    this.#note(
      name,
      lacking.map((field) => `.${field} is missing`),
    );
  }

  #note(name: string, problems: readonly string[]): void {
    for (const problem of problems) this.problems.add(`${name}: ${problem.replace(/\[\d+\]/g, '[]')}`);
  }
}

/** Name of the schema of an answer; undefined for errors, of which the document says nothing. */
function schemaOf({ method, path, status }: SentAnswer): string | undefined {
  if (status >= 400) return undefined;
  const [kind, , third, , fifth] = path;
  if (kind === 'queries') return method === 'POST' ? 'QueryResponse' : 'GetQueryResultsResponse';
  if (kind === 'jobs') return third === 'cancel' ? 'JobCancelResponse' : 'Job';
  return fifth === 'data' ? 'TableDataList' : 'Table';
}
