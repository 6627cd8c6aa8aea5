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
    return { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } };
  }
}

export function invalidQuery(message: string): ApiError {
  return new ApiError(400, 'invalidQuery', message);
}
