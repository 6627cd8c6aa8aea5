/** What was wrong with a request, or with a job. */
export interface BigQueryProblem {
  /** Of HTTP; absent when there was no answer. */
  readonly status?: number;
  /** BigQuery's reason, or the code of a broken connection; empty when neither is known. */
  readonly reason: string;
  /** Never empty. */
  readonly message: string;
}

/** What the client library throws for an answer that is an error, and what it made of a job's errorResult. */
interface Thrown {
  readonly code?: unknown;
  readonly errors?: unknown;
  readonly message?: unknown;
  readonly response?: { readonly statusCode?: unknown; readonly body?: unknown };
}

/** The reason that goes with `error.status` where an answer has no `error.errors` (google.rpc.Code). */
const REASON_BY_NAME: Readonly<Record<string, string>> = {
  INVALID_ARGUMENT: 'invalid',
  FAILED_PRECONDITION: 'failedPrecondition',
  OUT_OF_RANGE: 'invalid',
  UNAUTHENTICATED: 'authError',
  PERMISSION_DENIED: 'accessDenied',
  NOT_FOUND: 'notFound',
  ALREADY_EXISTS: 'duplicate',
  ABORTED: 'backendError',
  RESOURCE_EXHAUSTED: 'quotaExceeded',
  UNAVAILABLE: 'backendError',
  DEADLINE_EXCEEDED: 'backendError',
  INTERNAL: 'internalError',
};

/** The same where it has no `error.status` either. */
const REASON_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'authError',
  403: 'accessDenied',
  404: 'notFound',
  409: 'duplicate',
  429: 'rateLimitExceeded',
};

/**
 * What was wrong, from anything that the client library throws. BigQuery's errors have a `reason` in the first of
 * `error.errors`, with or without the name of a code in `error.status`; where that list is missing or empty the reason
 * is told by this name, or by the status of HTTP.
 */
export function problemOf(thrown: unknown): BigQueryProblem {
  const { code, errors, message, response } = thrown as Thrown;
  const first = Array.isArray(errors) ? (errors[0] as { reason?: string; message?: string }) : undefined;
  // A connection that breaks within an answer leaves that answer's status, which says nothing.
  const broken = typeof code === 'string' ? code : undefined;
  const status = broken === undefined ? (numberOf(code) ?? numberOf(response?.statusCode)) : undefined;
  const sent = sentError(response?.body);
  const reason = first?.reason || (broken ?? reasonOf(status, sent?.status));
  const said = first?.message || sent?.message || String(message ?? thrown);
  return {
    ...(status === undefined ? {} : { status }),
    reason,
    message: said || `status ${status ?? 'unknown'}, reason ${reason || 'unknown'}, without a message`,
  };
}

function reasonOf(status: number | undefined, name: unknown): string {
  if (status === undefined) return '';
  if (status === 429) return 'rateLimitExceeded';
  return REASON_BY_NAME[String(name)] ?? REASON_BY_STATUS[status] ?? '';
}

/** The error of a body as BigQuery sends it, undefined in any other. */
export function sentError(body: unknown): { status?: unknown; message?: string } | undefined {
  const error = (parsed(body) as { error?: unknown } | null | undefined)?.error;
  return typeof error === 'object' && error !== null ? error : undefined;
}

function parsed(body: unknown): unknown {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
