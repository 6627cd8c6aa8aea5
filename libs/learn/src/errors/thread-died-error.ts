/** A helper thread that ended in the middle of some work, e.g. because its JavaScript heap was full. */
export class ThreadDiedError extends Error {
  override readonly name = 'ThreadDiedError';

  constructor(during: string, reasons: readonly string[]) {
    super(`a helper thread ended during ${during}: ${reasons.join('; ')}`);
  }
}
