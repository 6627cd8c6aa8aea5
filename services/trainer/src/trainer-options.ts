import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { formatBytes, parseBytes } from '@onescan/shared/format/bytes.js';
import { parseAddress } from '@onescan/shared/grpc/address.js';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import type { ProcessMemory } from '@onescan/shared/process-memory.js';

/** Memory of a trainer when neither flag nor container says otherwise. */
export const DEFAULT_MEMORY_LIMIT_BYTES = 8 * 1024 ** 3;

/** Below this Node, DuckDB and the smallest dataset do not fit. */
export const MINIMUM_MEMORY_LIMIT_BYTES = 256 * 1024 ** 2;

/** Time to finish the task in hand after SIGTERM, in milliseconds (Kubernetes kills after 30 s). */
export const DEFAULT_GRACE_MS = 25_000;

/** More threads than one horizon has work for. */
const MAXIMUM_THREADS = 64;

export interface TrainerOptions {
  /** "host:port" of the coordinator. */
  coordinator: string;
  /** Stable while the process lives. */
  id: string;
  memoryLimitBytes: number;
  graceMs: number;
  /** Threads that a horizon is learned on. */
  threads: number;
  /** "host:port" where health is served; empty for nowhere. */
  healthListen: string;
}

export const USAGE = `usage: node dist/main.js --coordinator HOST:PORT [--id NAME] [--memory-limit BYTES|8GiB]
                         [--grace MILLISECONDS] [--threads N] [--health-listen HOST:PORT]`;

/** What an error says that lies in the command line. */
const HELP = 'Run node services/trainer/dist/main.js --help for the flags';

/**
 * Reads the command line. The memory limit is never above that of the container.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the flag
 */
export function parseTrainerOptions(args: readonly string[], memory: ProcessMemory): TrainerOptions {
  const flags = readFlags(args);
  return {
    coordinator: readCoordinator(flags.coordinator),
    id: readId(flags.id),
    memoryLimitBytes: Math.min(readMemoryLimit(flags['memory-limit']), memory.cgroupLimitBytes ?? Infinity),
    graceMs: readGrace(flags.grace),
    threads: readThreads(flags.threads),
    healthListen: flags['health-listen'] ?? '',
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        coordinator: { type: 'string' },
        id: { type: 'string' },
        'memory-limit': { type: 'string' },
        grace: { type: 'string' },
        threads: { type: 'string' },
        'health-listen': { type: 'string' },
      },
    }).values;
  } catch (thrown) {
    throw invalid(thrown instanceof Error ? thrown.message : String(thrown), HELP);
  }
}

function readCoordinator(text: string | undefined): string {
  if (!text) throw invalid('--coordinator is missing', HELP);
  const address = parseAddress('--coordinator', text);
  if (address.kind === 'tcp' && address.port === 0) {
    throw invalid(
      `--coordinator "${text}" is not an address`,
      'Give the port that the coordinator announced',
    );
  }
  return text;
}

function readId(text: string | undefined): string {
  if (text === undefined) return `${hostname()}-${process.pid}`;
  if (!/^[\w.:-]{1,128}$/.test(text)) {
    throw invalid(`--id "${text}" is not a name`, 'Use 1 to 128 letters, digits, dots, colons, dashes');
  }
  return text;
}

function readMemoryLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_MEMORY_LIMIT_BYTES;
  const bytes = parseBytes(text);
  if (bytes === undefined) {
    throw invalid(`--memory-limit "${text}" is not an amount of memory`, 'Give bytes or e.g. 8GiB, 512MiB');
  }
  if (bytes < MINIMUM_MEMORY_LIMIT_BYTES) {
    throw invalid(
      `--memory-limit ${formatBytes(bytes)} is too little`,
      `Give at least ${formatBytes(MINIMUM_MEMORY_LIMIT_BYTES)}`,
    );
  }
  return bytes;
}

function readGrace(text: string | undefined): number {
  if (text === undefined) return DEFAULT_GRACE_MS;
  if (!/^\d{1,9}$/.test(text)) throw invalid(`--grace "${text}" is not a time`, 'Give whole milliseconds');
  return Number(text);
}

function readThreads(text: string | undefined): number {
  if (text === undefined) return 1;
  const threads = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (threads < 1 || threads > MAXIMUM_THREADS) {
    throw invalid(
      `--threads "${text}" is not a number of threads`,
      `Give a whole number from 1 to ${MAXIMUM_THREADS}`,
    );
  }
  return threads;
}

function invalid(message: string, remedy: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', message, { remedy });
}
