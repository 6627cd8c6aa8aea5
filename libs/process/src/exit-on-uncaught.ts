import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { Logger } from './log.js';

const EXIT_FAILED = 5;

/**
 * Ends the process with one line in the log when an error was caught by nobody, or a promise was rejected for which
 * nobody waits: what state the process is in is not known then. The exit code is the same when the line cannot be
 * written.
 */
export function exitOnUncaught(log: Logger): void {
  // Rejections come here too, with their origin, as long as nothing else listens for them.
  process.on('uncaughtException', (thrown, origin) => {
    try {
      log.fatal({ err: thrown, reason: OnescanError.from(thrown).text, origin }, 'ended by an error');
    } finally {
      process.exit(EXIT_FAILED);
    }
  });
}
