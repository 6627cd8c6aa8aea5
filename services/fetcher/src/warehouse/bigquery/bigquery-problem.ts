import { type ErrorCode, OnescanError } from '@onescan/shared/onescan-error.js';

/** What the client library throws, or the errorResult of a job. */
export interface BigQueryProblem {
  readonly status?: number;
  readonly reason: string;
  readonly message: string;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly remedy: string;
}

/**
 * A request without an answer that is of use: none came in time, or not one of BigQuery's. What was asked for may
 * have been done all the same.
 */
export class NoUsableAnswer extends Error {
  override readonly name = 'NoUsableAnswer';
}

/** BigQuery's error reasons (docs: error messages). */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  bytesBilledLimitExceeded: {
    code: 'RESOURCE_EXHAUSTED',
    remedy: 'Nothing was billed. Resume the run: what it lacks is planned again and waits for approval',
  },
  quotaExceeded: {
    code: 'RESOURCE_EXHAUSTED',
    remedy: 'Wait until the quota is renewed or have it raised in the Google Cloud console, then run again',
  },
  rateLimitExceeded: {
    code: 'UNAVAILABLE',
    remedy: 'Run again later, with fewer fetches at the same time (--max-fetches)',
  },
  accessDenied: {
    code: 'PERMISSION_DENIED',
    remedy: 'Give the account bigquery.jobUser on the project and bigquery.dataViewer on both datasets',
  },
  notFound: {
    code: 'NOT_FOUND',
    remedy: 'Check the project, --location, --features-dataset and --targets-dataset',
  },
  invalidQuery: {
    code: 'FAILED_PRECONDITION',
    remedy: 'Plan again: the tables may have changed. If it stays, report it with this message',
  },
  billingNotEnabled: {
    code: 'FAILED_PRECONDITION',
    remedy:
      'Enable billing on the project in the Google Cloud console: the sandbox does not allow this request',
  },
  accessNotConfigured: {
    code: 'PERMISSION_DENIED',
    remedy: 'Enable the API: gcloud services enable bigquery.googleapis.com bigquerystorage.googleapis.com',
  },
  responseTooLarge: { code: 'FAILED_PRECONDITION', remedy: 'Sample fewer rows or test fewer columns' },
  resourcesExceeded: { code: 'FAILED_PRECONDITION', remedy: 'Sample fewer rows or test fewer tables' },
  stopped: { code: 'ABORTED', remedy: 'Somebody cancelled the job in BigQuery. Run again' },
  timeout: { code: 'DEADLINE_EXCEEDED', remedy: 'Raise --job-timeout-ms' },
};

/** What BigQuery tells by its message only. */
const BY_MESSAGE: readonly (readonly [RegExp, Meaning])[] = [
  [
    /too many subqueries|query is too complex|not enough resources for query planning/i,
    {
      code: 'FAILED_PRECONDITION',
      remedy:
        'Split it into several statements: `onescan up ... --fetcher-flag statement-tables=300`, less if that is not enough, and plan again',
    },
  ],
  [
    /partition elimination/i,
    {
      code: 'FAILED_PRECONDITION',
      remedy:
        'The table has require_partition_filter: partition it by DATE of the key column, or allow whole scans: ALTER TABLE ... SET OPTIONS (require_partition_filter = false)',
    },
  ],
  [/billing has not been enabled|enable billing/i, MEANINGS.billingNotEnabled!],
  [/api has not been used in project|it is disabled\. enable it/i, MEANINGS.accessNotConfigured!],
];

const TRANSIENT_REASONS = new Set([
  'rateLimitExceeded',
  'jobRateLimitExceeded',
  'backendError',
  'jobBackendError',
  'internalError',
  'jobInternalError',
]);
const TRANSIENT_STATUS = new Set([429, 500, 502, 503, 504]);
const BROKEN_CONNECTION =
  /ECONNRESET|ECONNREFUSED|ECONNABORTED|EPIPE|ETIMEDOUT|EAI_AGAIN|socket hang up|premature close|aborted|terminated|unexpected end of (json|file)|invalid json response/i;
const NO_CREDENTIALS =
  /default credentials|GOOGLE_APPLICATION_CREDENTIALS|invalid_grant|unable to detect|getaddrinfo.*metadata/i;

const IMPERSONATION_REFUSED = /iam\.serviceAccounts\.getAccessToken|unable to impersonate/i;

/** What was wrong, from anything that the client library throws. */
export function problemOf(thrown: unknown): BigQueryProblem {
  const { code, errors, message } = thrown as {
    code?: unknown;
    errors?: { reason?: string; message?: string }[];
    message?: unknown;
  };
  const first = errors?.[0];
  return {
    ...(typeof code === 'number' ? { status: code } : {}),
    reason: first?.reason ?? (typeof code === 'string' ? code : ''),
    message: first?.message ?? String(message ?? thrown),
  };
}

/** True when the same call may succeed later. */
export function isTransient(thrown: unknown): boolean {
  if (thrown instanceof NoUsableAnswer) return true;
  if (thrown instanceof OnescanError || (thrown as Error).name === 'AbortError') return false;
  const { status, reason, message } = problemOf(thrown);
  if (TRANSIENT_REASONS.has(reason) || (status !== undefined && TRANSIENT_STATUS.has(status))) return true;
  return status === undefined && (BROKEN_CONNECTION.test(reason) || BROKEN_CONNECTION.test(message));
}

/** The error for people; `doing` says what failed, e.g. "job J". */
export function bigQueryError(doing: string, thrown: unknown): OnescanError {
  if (thrown instanceof OnescanError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new OnescanError('CANCELLED', `${doing} was cancelled`, { cause: thrown });
  }
  const problem = problemOf(thrown);
  const { code, remedy } = meaningOf(problem, thrown);
  return new OnescanError(code, `BigQuery: ${doing}: ${problem.message.replace(/\.$/, '')}`, {
    remedy,
    details: { reason: problem.reason },
    cause: thrown,
  });
}

function meaningOf(problem: BigQueryProblem, thrown: unknown): Meaning {
  if (problem.status === undefined && NO_CREDENTIALS.test(problem.message)) {
    const remedy =
      'Log in with `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS to a key file';
    return { code: 'UNAUTHENTICATED', remedy };
  }
  if (IMPERSONATION_REFUSED.test(problem.message)) {
    const remedy =
      'Give the account that impersonates roles/iam.serviceAccountTokenCreator on the service account';
    return { code: 'PERMISSION_DENIED', remedy };
  }
  if (problem.status === 401)
    return { code: 'UNAUTHENTICATED', remedy: 'Log in again: the credentials expired' };
  // BigQuery ends a job after its jobTimeoutMs with the reason of one that was cancelled.
  const timedOut = problem.reason === 'stopped' && /timed out/i.test(problem.message);
  const known = meaningByMessage(problem.message) ?? MEANINGS[timedOut ? 'timeout' : problem.reason];
  if (known) return known;
  if (thrown instanceof NoUsableAnswer) {
    const remedy =
      'Check the network, and the proxy if there is one. Then run again: a job that was accepted is found again, not paid twice';
    return { code: 'UNAVAILABLE', remedy };
  }
  if (isTransient(thrown)) {
    return {
      code: 'UNAVAILABLE',
      remedy: 'Run again later: a job that was accepted is found again, not paid twice',
    };
  }
  return { code: 'INTERNAL', remedy: 'Look the job up in the BigQuery console' };
}

function meaningByMessage(message: string): Meaning | undefined {
  return BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1];
}
