import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A request that the real service was sent and what it answered. */
export interface Recording {
  readonly recorded: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  readonly request: Json | null;
  readonly response: Json;
}

export interface Json {
  readonly [field: string]: unknown;
}

/** A schema of the discovery document, as far as it is used. */
export interface DiscoverySchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, DiscoverySchema>>;
  readonly additionalProperties?: DiscoverySchema;
  readonly items?: DiscoverySchema;
}

export type DiscoverySchemas = Readonly<Record<string, DiscoverySchema>>;

/** The folder of recordings beside a checkout (`shared/data/bigquery-recordings`), or undefined where there is none. */
export function findRecordings(): string | undefined {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (dirname(directory) !== directory) {
    directory = dirname(directory);
    const candidate = join(directory, 'shared', 'data', 'bigquery-recordings');
    if (existsSync(candidate)) return candidate;
  }
  return undefined;
}

/** All recordings of a folder, in order; none where there is no folder. */
export function readRecordings(folder: string | undefined): Recording[] {
  if (folder === undefined) return [];
  const lines = readFileSync(join(folder, 'interactions.jsonl'), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Recording);
}

/** The schemas of the API by name. */
export function readDiscovery(folder: string): DiscoverySchemas {
  const { schemas } = JSON.parse(readFileSync(join(folder, 'discovery.json'), 'utf8')) as {
    schemas: DiscoverySchemas;
  };
  return schemas;
}

/** What kinds of answers Onescan meets. */
export const MET = [
  'job accepted',
  'statement refused with status 200',
  'dry run',
  'job',
  'cancellation',
  'result',
  'result not ready',
  'table',
  'list of tables',
  'job without its configuration',
  'refusal',
] as const;

/** Those that it asks nothing for; `rows of a table` have the cells of a result. */
export const NOT_MET = [
  'rows of a table',
  'some fields of a table',
  'load, copy or extract job',
  'list of jobs',
  'new table',
  'dataset',
] as const;

export type RecordingKind = (typeof MET)[number] | (typeof NOT_MET)[number];

/** What kind of answer a recording holds. */
export function kindOf({ method, path, status, request, response }: Recording): RecordingKind {
  if (status >= 400) return 'refusal';
  const [kind, name, third, , fifth] = path.split('?')[0]!.split('/').slice(5);
  const masked = /[?&]fields=./.test(path);
  if (kind === 'queries') return response.jobComplete ? 'result' : 'result not ready';
  if (kind === 'jobs') {
    if (third === 'cancel') return 'cancellation';
    if (method === 'GET' && name === undefined) return 'list of jobs';
    const { query, dryRun } = ((method === 'POST' ? request : response)?.configuration ?? {}) as Json;
    if (dryRun) return 'dry run';
    if (query === undefined)
      return masked && !response.configuration
        ? 'job without its configuration'
        : 'load, copy or extract job';
    if (method === 'GET') return 'job';
    return (response.status as Json).errorResult ? 'statement refused with status 200' : 'job accepted';
  }
  if (fifth === 'data') return 'rows of a table';
  if (third !== 'tables') return 'dataset';
  if (method === 'POST') return 'new table';
  if (path.split('?')[0]!.endsWith('/tables')) return 'list of tables';
  return masked ? 'some fields of a table' : 'table';
}
