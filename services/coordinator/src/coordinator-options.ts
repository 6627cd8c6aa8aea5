import { parseArgs } from 'node:util';
import { parseAddress } from '@onescan/shared/grpc/address.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { RestoreOptions } from './store/restore-state.js';

/** Settings of the process; every one has a flag of its name. */
export interface CoordinatorOptions {
  /** "host:port" to listen on, where port 0 chooses a free one, or "unix:/path/to.sock". */
  listen: string;
  /** "host:port" to serve beside it; empty for none. */
  tcpListen: string;
  /** File with the bearer token that calls over TCP must bring, made where it is missing; empty: they need none. */
  tokenFile: string;
  /** "host:port" of the fetcher, as trainers reach it too. */
  fetcher: string;
  /** Folder of the state file and of the reports. */
  stateDir: string;
  /** Trainers that may work at the same time, over all runs. */
  maxWorkers: number;
  /** Silence after which a trainer counts as lost, in milliseconds. */
  leaseMs: number;
  heartbeatMs: number;
  /** Time that a trainer whose connection broke has to come back, in milliseconds. */
  reconnectGraceMs: number;
  /** Datasets that may be fetched before a trainer has taken them up. */
  fetchAhead: number;
  /** Events kept of each run, the newest. */
  keepEvents: number;
  /** Days after its end for which more than the last event of a run is kept. */
  keepEventDays: number;
  /** Days after its end for which a run is kept, 0 for ever. */
  keepRunDays: number;
  /** Hours between two backups of the state, 0 for none. */
  backupHours: number;
  /** Backups kept, the latest. */
  keepBackups: number;
  /** Most that a run may cost which nobody has looked at, in US dollars. */
  autoApproveUsd: number;
  /** File of the key that approvals are signed with for the fetcher; undefined: they are not. */
  grantKey?: string;
}

export const OPTION_DEFAULTS = {
  maxWorkers: 8,
  leaseMs: 10_000,
  heartbeatMs: 1_000,
  // A trainer dials again after 0.1, 0.2, 0.4, 0.8 s.
  reconnectGraceMs: 2_000,
  fetchAhead: 2,
  keepEvents: 100_000,
  keepEventDays: 90,
  keepRunDays: 0,
  backupHours: 24,
  keepBackups: 3,
  autoApproveUsd: 5,
} as const;

export const USAGE = `usage: node dist/main.js --listen ADDRESS --fetcher ADDRESS --state FOLDER
                         [--tcp-listen HOST:PORT] [--token-file FILE]
                         [--max-workers 8] [--lease-ms 10000] [--heartbeat-ms 1000]
                         [--reconnect-grace-ms 2000] [--fetch-ahead 2] [--auto-approve-usd 5]
                         [--keep-events 100000] [--keep-event-days 90] [--keep-run-days 0]
                         [--backup-hours 24] [--keep-backups 3] [--grant-key FILE]
   or: node dist/main.js --state FOLDER --restore [--backup FILE | --without-log]`;

/** What an error says that lies in the command line. */
const HELP = 'Run node services/coordinator/dist/main.js --help for the flags';

/**
 * Reads the command line.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the flag
 */
export function parseCoordinatorOptions(args: readonly string[]): CoordinatorOptions {
  const flags = readFlags(args);
  const options = {
    listen: address('listen', required('listen', flags.listen)),
    tcpListen: flags['tcp-listen'] === undefined ? '' : address('tcp-listen', flags['tcp-listen']),
    tokenFile: flags['token-file'] ?? '',
    fetcher: address('fetcher', required('fetcher', flags.fetcher)),
    stateDir: required('state', flags.state),
    maxWorkers: count('max-workers', flags['max-workers'], OPTION_DEFAULTS.maxWorkers),
    leaseMs: count('lease-ms', flags['lease-ms'], OPTION_DEFAULTS.leaseMs),
    heartbeatMs: count('heartbeat-ms', flags['heartbeat-ms'], OPTION_DEFAULTS.heartbeatMs),
    reconnectGraceMs: count(
      'reconnect-grace-ms',
      flags['reconnect-grace-ms'],
      OPTION_DEFAULTS.reconnectGraceMs,
    ),
    fetchAhead: count('fetch-ahead', flags['fetch-ahead'], OPTION_DEFAULTS.fetchAhead),
    keepEvents: count('keep-events', flags['keep-events'], OPTION_DEFAULTS.keepEvents),
    keepEventDays: count('keep-event-days', flags['keep-event-days'], OPTION_DEFAULTS.keepEventDays),
    keepRunDays: count('keep-run-days', flags['keep-run-days'], OPTION_DEFAULTS.keepRunDays, 0),
    backupHours: count('backup-hours', flags['backup-hours'], OPTION_DEFAULTS.backupHours, 0),
    keepBackups: count('keep-backups', flags['keep-backups'], OPTION_DEFAULTS.keepBackups),
    autoApproveUsd: dollars('auto-approve-usd', flags['auto-approve-usd'], OPTION_DEFAULTS.autoApproveUsd),
    ...(flags['grant-key'] === undefined ? {} : { grantKey: required('grant-key', flags['grant-key']) }),
  };
  if (options.leaseMs < 2 * options.heartbeatMs) {
    throw invalid(
      `--lease-ms ${options.leaseMs} is less than two heartbeats of ${options.heartbeatMs} ms`,
      'One late heartbeat must not lose a trainer: raise --lease-ms or lower --heartbeat-ms',
    );
  }
  return options;
}

/** What a process that only restores a state folder is told; undefined when it is not to. */
export function parseRestoreOptions(args: readonly string[]): Omit<RestoreOptions, 'nowMs'> | undefined {
  if (!args.includes('--restore')) return undefined;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        restore: { type: 'boolean' },
        state: { type: 'string' },
        backup: { type: 'string' },
        'without-log': { type: 'boolean' },
      },
    });
    return {
      stateDir: required('state', values.state),
      ...(values.backup === undefined ? {} : { backup: values.backup }),
      withoutLog: values['without-log'] ?? false,
    };
  } catch (thrown) {
    throw thrown instanceof OnescanError ? thrown : invalid((thrown as Error).message, HELP);
  }
}

function readFlags(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        listen: text,
        'tcp-listen': text,
        'token-file': text,
        fetcher: text,
        state: text,
        'max-workers': text,
        'lease-ms': text,
        'heartbeat-ms': text,
        'reconnect-grace-ms': text,
        'fetch-ahead': text,
        'keep-events': text,
        'keep-event-days': text,
        'keep-run-days': text,
        'backup-hours': text,
        'keep-backups': text,
        'auto-approve-usd': text,
        'grant-key': text,
      },
    }).values;
  } catch (thrown) {
    throw invalid(thrown instanceof Error ? thrown.message : String(thrown), HELP);
  }
}

function required(flag: string, value: string | undefined): string {
  if (!value) throw invalid(`--${flag} is missing`, HELP);
  return value;
}

function address(flag: string, value: string): string {
  parseAddress(`--${flag}`, value);
  return value;
}

function count(flag: string, value: string | undefined, otherwise: number, least = 1): number {
  if (value === undefined) return otherwise;
  if (!/^(0|[1-9]\d{0,8})$/.test(value) || Number(value) < least)
    throw invalid(`--${flag} "${value}" is not allowed`, `Give a whole number from ${least}`);
  return Number(value);
}

function dollars(flag: string, value: string | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(value))
    throw invalid(`--${flag} "${value}" is not allowed`, 'Give an amount of dollars, e.g. 5 or 0.50');
  return Number(value);
}

function invalid(message: string, remedy: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', message, { remedy });
}
