import { OnescanError } from '@onescan/contract/onescan-error.js';
import { CallRate } from '@onescan/process/grpc/guard/call-rate.js';

/** Attempts at once, and each second after that. Links are not counted: nobody can keep others out by trying. */
const ATTEMPTS = { burst: 20, perSecond: 1 };

/** Bounds how often tokens may be tried, over all who try. */
export class SignInRate {
  readonly #rate = new CallRate(ATTEMPTS);

  /**
   * Counts an attempt.
   *
   * @throws OnescanError RESOURCE_EXHAUSTED when there were too many
   */
  take(): void {
    if (this.#rate.take('')) return;
    throw new OnescanError('RESOURCE_EXHAUSTED', 'too many attempts to sign in', { remedy: 'Wait a minute' });
  }
}
