import { ApiError } from './api-error.js';
import { TOO_COMPLEX } from './complexity.js';

/** A kind of request that can go wrong. */
export type Operation =
  | 'insert'
  | 'dryRun'
  | 'getJob'
  | 'rows'
  | 'getTable'
  | 'cancel'
  | 'createReadSession'
  | 'readRows';

export type FaultKind =
  /** 403, to be tried again. */
  | 'rateLimitExceeded'
  /** 403, not to be tried again. */
  | 'quotaExceeded'
  | 'accessDenied'
  | 'billingNotEnabled'
  /** 400, a statement that BigQuery does not want to plan. */
  | 'tooComplex'
  /** 400, a table with require_partition_filter. */
  | 'partitionElimination'
  /** 429. */
  | 'tooManyRequests'
  /** 500. */
  | 'internalError'
  /** 503. */
  | 'backendError'
  /** The connection breaks in the middle of the answer: what was asked for has been done. */
  | 'reset'
  /** No answer comes, over an open connection: what was asked for has been done. */
  | 'unanswered'
  /** readRows: nothing comes after a first record batch. */
  | 'silent'
  /** Status 200 with a page of HTML, as of a captive portal: what was asked for has been done. */
  | 'html'
  /** Status 200 with nothing else: what was asked for has been done. */
  | 'emptyBody'
  /** insert: the job is accepted and stays RUNNING until it is cancelled or released. */
  | 'stuck'
  /** readRows: after a record batch the whole session has expired; a new one works. */
  | 'sessionExpired'
  /** getTable: results of all jobs are gone from then on, as after a day. */
  | 'expireResult'
  /** insert: the job bills more than a dry run says, and more than it is allowed. */
  | 'overbilled'
  /** insert: both `reset` and `stuck`. */
  | 'stuckReset'
  /** insert: the job is accepted and fails with backendError. */
  | 'jobBackendError'
  /** insert: the job is accepted and fails, unbilled, for want of memory. */
  | 'jobResourcesExceeded';

export interface Fault {
  on: Operation;
  kind: FaultKind;
  /** How many requests it hits, default 1. */
  times?: number;
  /** Requests that pass before, default 0. */
  after?: number;
}

const ERRORS: Partial<Record<FaultKind, readonly [number, string, string]>> = {
  rateLimitExceeded: [
    403,
    'rateLimitExceeded',
    'Exceeded rate limits: too many api requests per user per method',
  ],
  quotaExceeded: [
    403,
    'quotaExceeded',
    'Quota exceeded: Your project exceeded quota for free query bytes scanned',
  ],
  accessDenied: [403, 'accessDenied', 'Access Denied: User does not have bigquery.jobs.create permission'],
  tooManyRequests: [429, 'rateLimitExceeded', 'Too many requests'],
  internalError: [500, 'internalError', 'An internal error occurred and the request could not be completed'],
  billingNotEnabled: [
    403,
    'billingNotEnabled',
    'Billing has not been enabled for this project. Enable billing at https://console.cloud.google.com/billing.',
  ],
  tooComplex: [400, 'resourcesExceeded', TOO_COMPLEX],
  partitionElimination: [
    400,
    'invalidQuery',
    "Cannot query over table 'ds.t' without a filter over column(s) 'day' that can be used for partition elimination",
  ],
  backendError: [503, 'backendError', 'Error encountered during execution. Retrying may solve the problem.'],
};

/** What tests want to go wrong, in the order in which it was asked for. */
export class Faults {
  readonly #pending: { on: Operation; kind: FaultKind; times: number; after: number }[] = [];

  inject({ on, kind, times = 1, after = 0 }: Fault): void {
    this.#pending.push({ on, kind, times, after });
  }

  /** Requests that are still to be hit. */
  get pending(): number {
    return this.#pending.reduce((sum, { times }) => sum + times, 0);
  }

  clear(): void {
    this.#pending.length = 0;
  }

  /** The fault that hits this request; errors are thrown, others are the caller's to act out. */
  take(on: Operation): FaultKind | undefined {
    const fault = this.#pending.find((pending) => pending.on === on && pending.times > 0);
    if (!fault) return undefined;
    if (fault.after > 0) {
      fault.after--;
      return undefined;
    }
    fault.times--;
    const error = ERRORS[fault.kind];
    if (error) throw new ApiError(...error);
    return fault.kind;
  }
}
