import type { Analysis, FieldSchema } from './analyze-statement.js';

export interface QueryConfiguration {
  query: string;
  useLegacySql?: boolean;
  maximumBytesBilled?: string;
}

export interface JobRequest {
  jobReference?: { jobId?: string; location?: string };
  configuration?: {
    query?: QueryConfiguration;
    dryRun?: boolean;
    labels?: Record<string, string>;
    jobTimeoutMs?: string;
  };
}

/** A query job as it is kept; {@link jobResource} is how it is sent. */
export interface QueryJob {
  id: string;
  location: string;
  sql: string;
  configuration: NonNullable<JobRequest['configuration']>;
  analysis: Analysis;
  state: 'RUNNING' | 'DONE';
  createdMs: number;
  /** True for one that never began. */
  refused: boolean;
  error?: { reason: string; message: string };
  /** Bytes billed so far: none for a job that failed. */
  bytesBilled: bigint;
  /** Name of the table of the result, and its rows when it is done. */
  table: string;
  totalRows: number;
  stuck: boolean;
  /** Questions about the job until a requested cancellation has ended it. */
  cancelledIn?: number;
  /** What is billed beyond what the statement reads. */
  overbilled: bigint;
  /** The job is known, its result is gone. */
  expired: boolean;
}

/** Dataset in which results appear, hidden as BigQuery's anonymous ones. */
export const RESULTS_DATASET = '_fake_results';

const ACCOUNT = 'robot@fake.iam.gserviceaccount.com';

/** What BigQuery adds to a statement's configuration. */
const DISPOSITIONS = {
  createDisposition: 'CREATE_IF_NEEDED',
  writeDisposition: 'WRITE_TRUNCATE',
  priority: 'INTERACTIVE',
};

/** The REST resource of a job. One that was refused has no result and no statistics of a query. */
export function jobResource(project: string, job: QueryJob): object {
  const { analysis, configuration, createdMs } = job;
  const error = job.error && { location: 'query', ...job.error };
  const destinationTable = { projectId: project, datasetId: RESULTS_DATASET, tableId: job.table };
  const refused = { ...configuration.query, priority: DISPOSITIONS.priority };
  const accepted = { ...configuration.query, ...DISPOSITIONS, destinationTable };
  return {
    kind: 'bigquery#job',
    id: `${project}:${job.location}.${job.id}`,
    selfLink: `http://fake/bigquery/v2/projects/${project}/jobs/${job.id}?location=${job.location}`,
    user_email: ACCOUNT,
    jobReference: { projectId: project, jobId: job.id, location: job.location },
    configuration: { ...configuration, jobType: 'QUERY', query: job.refused ? refused : accepted },
    status: { state: job.state, ...(error ? { errorResult: error, errors: [error] } : {}) },
    statistics: {
      creationTime: String(createdMs),
      startTime: String(createdMs),
      ...(job.state === 'DONE' ? ended(job) : {}),
      ...(job.refused ? {} : { query: queryStatistics(project, job, analysis) }),
    },
  };
}

function ended({ refused, analysis, createdMs }: QueryJob): object {
  const endTime = String(createdMs + 1);
  if (refused) return { endTime };
  return { endTime, totalBytesProcessed: String(analysis.processed), totalSlotMs: '1' };
}

function queryStatistics(project: string, job: QueryJob, analysis: Analysis): object {
  const statementType = 'SELECT';
  if (job.state !== 'DONE') return { statementType };
  return {
    statementType,
    cacheHit: false,
    billingTier: 1,
    estimatedBytesProcessed: String(analysis.processed),
    totalBytesProcessed: String(analysis.processed),
    totalBytesBilled: String(job.bytesBilled),
    totalPartitionsProcessed: '0',
    totalSlotMs: '1',
    referencedTables: referencedTables(project, analysis),
  };
}

function referencedTables(project: string, { tables }: Analysis): object[] {
  return tables.map(({ schema, table }) => ({ projectId: project, datasetId: schema, tableId: table }));
}

/** The answer to a dry run: nothing is kept or billed, and there is no jobId. */
export function dryRunResource(project: string, request: JobRequest, analysis: Analysis): object {
  const location = request.jobReference?.location;
  const destinationTable = { projectId: project, datasetId: RESULTS_DATASET, tableId: 'anon0' };
  return {
    kind: 'bigquery#job',
    id: `${project}:${location}.`,
    selfLink: `http://fake/bigquery/v2/projects/${project}/jobs/?location=${location}`,
    user_email: ACCOUNT,
    jobReference: { projectId: project, location },
    configuration: {
      ...request.configuration,
      jobType: 'QUERY',
      query: { ...request.configuration?.query, ...DISPOSITIONS, destinationTable },
    },
    status: { state: 'DONE' },
    statistics: {
      creationTime: String(Date.now()),
      totalBytesProcessed: String(analysis.processed),
      query: {
        statementType: 'SELECT',
        cacheHit: false,
        totalBytesProcessed: String(analysis.processed),
        totalBytesBilled: '0',
        totalBytesProcessedAccuracy: 'PRECISE',
        referencedTables: referencedTables(project, analysis),
        schema: { fields: restFields(analysis.fields) },
      },
    },
  };
}

const LEGACY_NAMES: Readonly<Record<string, string>> = {
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  BOOL: 'BOOLEAN',
};

/** Fields of a schema, types by the names that the REST API uses. */
export function restFields(fields: readonly FieldSchema[]): FieldSchema[] {
  return fields.map((field) => ({ ...field, type: LEGACY_NAMES[field.type] ?? field.type }));
}

/** The resource of the table of a job's result. */
export function tableResource(project: string, job: QueryJob): object {
  const tableReference = { projectId: project, datasetId: RESULTS_DATASET, tableId: job.table };
  return {
    kind: 'bigquery#table',
    id: `${project}:${RESULTS_DATASET}.${job.table}`,
    selfLink: `http://fake/bigquery/v2/projects/${project}/datasets/${RESULTS_DATASET}/tables/${job.table}`,
    tableReference,
    type: 'TABLE',
    location: job.location,
    creationTime: String(job.createdMs),
    lastModifiedTime: String(job.createdMs),
    numBytes: '0',
    numLongTermBytes: '0',
    numRows: String(job.totalRows),
    schema: { fields: restFields(job.analysis.fields) },
  };
}
