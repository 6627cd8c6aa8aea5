/** `error.status`, which not all answers have (google.rpc.Code). */
const NAMES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
};

/** An answer of BigQuery's REST API that is an error; `reason` is what clients decide by. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }

  /** The body as BigQuery sends it. */
  get body(): object {
    const { status, reason, message } = this;
    const name = NAMES[status];
    const errors = [{ message, domain: 'global', reason }];
    return { error: { code: status, message, errors, ...(name === undefined ? {} : { status: name }) } };
  }
}

export function invalidQuery(message: string): ApiError {
  return new ApiError(400, 'invalidQuery', message);
}
