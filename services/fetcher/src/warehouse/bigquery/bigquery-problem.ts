import { type ErrorCode, OnescanError } from '@onescan/contract/onescan-error.js';
import { refusalDetails, type StatementRefusal } from '../statement-refusal.js';
import { type BigQueryProblem, problemOf } from './problem-of.js';

interface Meaning {
  readonly code: ErrorCode;
  readonly remedy: string;
  /** Set when smaller statements may do. */
  readonly refusal?: StatementRefusal;
}

/**
 * A request without an answer that is of use: none came in time, or not one of BigQuery's. What was asked for may
 * have been done all the same.
 */
export class NoUsableAnswer extends Error {
  override readonly name = 'NoUsableAnswer';
}

/** Of statements that are too much at once: the planner splits them before anybody reads this. */
const SMALLER =
  'Nothing was billed. Plan again, or resume the run: it is planned with more statements and waits for approval';

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
  invalid: {
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
  responseTooLarge: { code: 'FAILED_PRECONDITION', remedy: SMALLER, refusal: 'result' },
  resourcesExceeded: { code: 'FAILED_PRECONDITION', remedy: SMALLER, refusal: 'resources' },
  stopped: { code: 'ABORTED', remedy: 'Somebody cancelled the job in BigQuery. Run again' },
  timeout: { code: 'DEADLINE_EXCEEDED', remedy: 'Raise --job-timeout-ms' },
};

/** What BigQuery tells by its message only (docs: troubleshoot queries, quotas and limits). */
const BY_MESSAGE: readonly (readonly [RegExp, Meaning])[] = [
  [
    /too many subqueries|query is too complex|not enough resources for query planning|out of stack space/i,
    { code: 'FAILED_PRECONDITION', remedy: SMALLER, refusal: 'complexity' },
  ],
  [
    /query is too large|query text is too l|resolved (standard sql )?query/i,
    { code: 'FAILED_PRECONDITION', remedy: SMALLER, refusal: 'length' },
  ],
  [/too many tables/i, { code: 'FAILED_PRECONDITION', remedy: SMALLER, refusal: 'tables' }],
  [
    /too many (total |leaf )*(columns|fields)/i,
    { code: 'FAILED_PRECONDITION', remedy: SMALLER, refusal: 'columns' },
  ],
  [
    // CPU for the bytes that are read: both are less of a smaller statement, their ratio is not.
    /query exceeded resource limits/i,
    {
      code: 'FAILED_PRECONDITION',
      remedy:
        'The query takes more CPU than on-demand pricing allows for what it reads: sample by hash instead of days, leave slow views out with universe.exclude, or use a project with reserved slots',
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
  'tableUnavailable',
]);
const TRANSIENT_STATUS = new Set([429, 500, 502, 503, 504]);
const BROKEN_CONNECTION =
  /ECONNRESET|ECONNREFUSED|ECONNABORTED|EPIPE|ETIMEDOUT|EAI_AGAIN|socket hang up|premature close|aborted|terminated|unexpected end of (json|file)|invalid json response/i;
const NO_CREDENTIALS =
  /default credentials|GOOGLE_APPLICATION_CREDENTIALS|invalid_grant|unable to detect|getaddrinfo.*metadata/i;

const IMPERSONATION_REFUSED = /iam\.serviceAccounts\.getAccessToken|unable to impersonate/i;

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
  const { code, remedy, refusal } = meaningOf(problem, thrown);
  return new OnescanError(code, `BigQuery: ${doing}: ${problem.message.replace(/\.$/, '')}`, {
    remedy,
    details: { reason: problem.reason, ...refusalDetails(refusal) },
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
  const byReason = MEANINGS[timedOut ? 'timeout' : problem.reason];
  // A quota, which is of time, may be told in the words of a limit, which is of the statement.
  const known = isOfTime(problem) ? byReason : (meaningByMessage(problem.message) ?? byReason);
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

/** True for quotas and rates: the same statement may be taken later. */
function isOfTime({ reason }: BigQueryProblem): boolean {
  return reason === 'quotaExceeded' || TRANSIENT_REASONS.has(reason);
}

function meaningByMessage(message: string): Meaning | undefined {
  return BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1];
}
