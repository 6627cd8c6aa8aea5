// How many files a process may have open. Needs nothing that is installed or built itself.
import { readFileSync } from 'node:fs';

/** Below this programs fail at their start or, worse, at the end of a run; measured: 112 fails, 128 works. */
export const MINIMUM_OPEN_FILES = 192;

/**
 * Files that this process may have open (`ulimit -n`); Infinity where the system does not say.
 *
 * @param {string} path
 */
export function openFilesLimit(path = '/proc/self/limits') {
  try {
    const soft = /^Max open files +(\S+)/m.exec(readFileSync(path, 'utf8'))?.[1];
    return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Ends the process with exit code 5 and a line that says what to do when it may open too few files. */
export function requireOpenFiles() {
  const limit = openFilesLimit();
  if (limit >= MINIMUM_OPEN_FILES) return;
  console.error(
    `onescan: a process may have only ${limit} files open here, and ${MINIMUM_OPEN_FILES} are needed. Raise the limit: ` +
      `ulimit -n 1024, LimitNOFILE= of systemd, or --ulimit nofile=1024 of a container`,
  );
  process.exit(5);
}
