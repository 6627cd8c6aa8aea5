/** Thrown when the caller's `isCancelled()` hook said so; nothing of the interrupted horizon is kept. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';

  /** @param during what was interrupted */
  constructor(readonly during: string) {
    super(`cancelled during ${during}`);
  }
}
