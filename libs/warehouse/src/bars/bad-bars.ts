import { OnescanError } from '@onescan/contract/onescan-error.js';

/** The error for a file of bars that cannot be used as it is. */
export function badFile(file: string, problem: string, remedy: string, cause?: unknown): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `bars: ${file} ${problem}`, {
    remedy,
    details: { file },
    ...(cause === undefined ? {} : { cause }),
  });
}
