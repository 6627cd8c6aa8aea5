import { OnescanError } from '@onescan/contract/onescan-error.js';
import { latestBackup } from './state-backup.js';

/** What DuckDB says of a file that another process has open for writing. */
const LOCKED = /could not set lock on file|conflicting lock/i;

/** What DuckDB says of bytes that are not what it wrote. */
const DAMAGED =
  /corrupt|checksum|replaying wal|not a valid duckdb database|deserializ|serialization error|could not read|unexpected end/i;

/**
 * What it means that the state file cannot be opened or read, and the way back: another process has it, or it is
 * damaged. Anything else, such as a full disk, is given back as it came.
 */
export function stateProblem(thrown: unknown, stateDir: string, path: string): unknown {
  const message = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n')[0]!;
  if (LOCKED.test(message)) return inUse(thrown, stateDir, /PID (\d+)/.exec(message)?.[1]);
  if (DAMAGED.test(message)) return damaged(thrown, { message, stateDir, path });
  return thrown;
}

function inUse(cause: unknown, stateDir: string, holder: string | undefined): OnescanError {
  const who = holder ? `process ${holder}` : 'another process';
  return new OnescanError('FAILED_PRECONDITION', `state folder ${stateDir} is in use by ${who}`, {
    remedy: 'Stop the other coordinator, or give this one another --state folder',
    cause,
  });
}

function damaged(
  cause: unknown,
  { message, stateDir, path }: { message: string; stateDir: string; path: string },
): OnescanError {
  const inLog = /\bwal\b/i.test(message);
  const file = inLog ? `${path}.wal` : path;
  const backup = latestBackup(stateDir);
  const ways = [
    ...(inLog
      ? [`onescan restore --without-log --state ${stateDir} goes back to the file without its log`]
      : []),
    backup
      ? `onescan restore --state ${stateDir} brings back the backup of ${backup.time}`
      : `there is no backup in ${stateDir}: give the coordinator another --state folder to start anew`,
  ];
  return new OnescanError('DATA_LOSS', `state file ${file} is damaged: ${message}`, {
    remedy: `Stop the coordinator, then: ${ways.join('; or ')}. Datasets are not part of it and stay as they are`,
    details: { path: file },
    cause,
  });
}

/** True for an error after which DuckDB refuses everything until the file is opened anew. */
export function isFatal(thrown: unknown): boolean {
  return thrown instanceof Error && /^FATAL Error|database has been invalidated/.test(thrown.message);
}
