import type { Analysis } from './analyze-statement.js';

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

/** The REST resource of a job. */
export function jobResource(project: string, job: QueryJob): object {
  const { analysis, configuration, error } = job;
  return {
    kind: 'bigquery#job',
    id: `${project}:${job.location}.${job.id}`,
    jobReference: { projectId: project, jobId: job.id, location: job.location },
    configuration: {
      ...configuration,
      jobType: 'QUERY',
      query: {
        ...configuration.query,
        destinationTable: { projectId: project, datasetId: RESULTS_DATASET, tableId: job.table },
      },
    },
    status: { state: job.state, ...(error ? { errorResult: error, errors: [error] } : {}) },
    statistics: {
      totalBytesProcessed: String(analysis.processed),
      query: {
        statementType: 'SELECT',
        totalBytesProcessed: String(analysis.processed),
        ...(job.state === 'DONE' ? { totalBytesBilled: String(job.bytesBilled), cacheHit: false } : {}),
      },
    },
  };
}

/** The answer to a dry run: nothing is kept or billed. */
export function dryRunResource(project: string, request: JobRequest, analysis: Analysis): object {
  return {
    kind: 'bigquery#job',
    jobReference: { projectId: project, location: request.jobReference?.location },
    configuration: { ...request.configuration, jobType: 'QUERY' },
    status: { state: 'DONE' },
    statistics: {
      totalBytesProcessed: String(analysis.processed),
      query: {
        statementType: 'SELECT',
        totalBytesProcessed: String(analysis.processed),
        totalBytesBilled: '0',
        totalBytesProcessedAccuracy: 'PRECISE',
        referencedTables: analysis.tables.map(({ schema, table }) => ({
          projectId: project,
          datasetId: schema,
          tableId: table,
        })),
        schema: { fields: analysis.fields },
      },
    },
  };
}
