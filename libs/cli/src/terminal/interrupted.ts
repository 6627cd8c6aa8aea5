import { OnescanError } from '@onescan/contract/onescan-error.js';

/**
 * What `promise` gives, unless `interrupt` aborts first.
 *
 * @throws OnescanError CANCELLED when it does
 */
export function unlessInterrupted<T>(promise: Promise<T>, interrupt: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new OnescanError('CANCELLED', 'interrupted'));
    if (interrupt.aborted) abort();
    else interrupt.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => interrupt.removeEventListener('abort', abort));
  });
}
