import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ErrorCode, OnescanError } from '@onescan/contract/onescan-error.js';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import { processStart } from '@onescan/process/process-start.js';
import { z } from 'zod';

/** How a service of the stack fares; a service that is not in the record runs and never ended. */
const SUPERVISED = z.object({
  state: z.enum(['running', 'restarting', 'given up']),
  /** Since the stack was started. */
  restarts: z.number(),
  /** How and when it last ended by itself. */
  lastEnd: z.object({ how: z.string(), at: z.string() }).optional(),
});

const ENDPOINT = z.object({
  coordinator: z.string(),
  fetcher: z.string(),
  /** "host:port" of the coordinator for other clients, and the file with the token that they need. */
  tcp: z.string().optional(),
  tokenFile: z.string().optional(),
  /** Address of the live page. */
  page: z.string().optional(),
  warehouse: z.string(),
  /** Process id of each service by its name. */
  services: z.record(z.string(), z.number()),
  /** Process that supervises the stack. */
  pid: z.number(),
  /** When that process started, see {@link processStart}: another may have the same id by now. */
  processStart: z.string().optional(),
  startedAt: z.string(),
  /** By the names in `services`. */
  supervised: z.record(z.string(), SUPERVISED).optional(),
  /** The service that was given up and without which the stack stopped by itself: the file outlives such a stack. */
  stoppedWithout: z.string().optional(),
});

/** Where a local stack listens, as `onescan up` leaves it for the other verbs. */
export type Endpoint = z.infer<typeof ENDPOINT>;

/** The file of a stack with this home folder. */
export function endpointPath(home: string): string {
  return join(home, 'endpoint.json');
}

/** The log of a service of the stack with this home folder. */
export function serviceLog(home: string, service: string): string {
  return join(home, 'logs', `${service}.log`);
}

/** Writes the file by rename, so a reader never sees half of it. */
export function writeEndpoint(home: string, endpoint: Endpoint): void {
  const path = endpointPath(home);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.partial`, `${JSON.stringify(endpoint, null, 2)}\n`);
  renameSync(`${path}.partial`, path);
}

/** Removes the file. Only for who has the home folder's lock. */
export function removeEndpoint(home: string): void {
  rmSync(endpointPath(home), { force: true });
}

/**
 * The endpoint of the stack that runs with this home folder; undefined when there is none, or when the one
 * that wrote the file is gone.
 *
 * @throws OnescanError DATA_LOSS when the file is not an endpoint file
 */
export function readEndpoint(home: string): Endpoint | undefined {
  const endpoint = readFile(home);
  return endpoint && isRunning(endpoint) ? endpoint : undefined;
}

/**
 * A sentence about the stack that wrote the file and has ended without removing it; "" when there is none.
 *
 * @throws OnescanError DATA_LOSS when the file is not an endpoint file
 */
export function staleEndpoint(home: string): string {
  const endpoint = readStaleEndpoint(home);
  if (!endpoint) return '';
  const { stoppedWithout: service } = endpoint;
  if (service !== undefined) {
    const { lastEnd, restarts = 0 } = endpoint.supervised?.[service] ?? {};
    const how = lastEnd ? ` at ${lastEnd.at} (${lastEnd.how}, after ${restarts} restarts)` : '';
    return `the one that was started ${endpoint.startedAt} stopped when ${service} was given up${how}; its log: ${serviceLog(home, service)}`;
  }
  return `the one that was started ${endpoint.startedAt} as process ${endpoint.pid} has ended without saying so`;
}

/**
 * The endpoint of the stack that runs with this home folder, for a verb that needs one.
 *
 * @param shown the home folder as it was given
 * @throws OnescanError `code` when none runs, DATA_LOSS when the file is not an endpoint file
 */
export function requireEndpoint(home: string, shown: string, code: ErrorCode, remedy = ''): Endpoint {
  const endpoint = readEndpoint(home);
  if (endpoint) return endpoint;
  const stale = staleEndpoint(home);
  throw new OnescanError(code, `no stack is running in ${shown}${stale ? `: ${stale}` : ''}`, { remedy });
}

/**
 * What a stack has left that ended without removing it; undefined when there is none.
 *
 * @throws OnescanError DATA_LOSS when the file is not an endpoint file
 */
export function readStaleEndpoint(home: string): Endpoint | undefined {
  const endpoint = readFile(home);
  return endpoint && !isRunning(endpoint) ? endpoint : undefined;
}

/** True while the very process that wrote the file is there, not only one of its id. */
export function isRunning({ pid, processStart: started }: Endpoint): boolean {
  return isProcessAlive(pid) && (started === undefined || processStart(pid) === started);
}

function readFile(home: string): Endpoint | undefined {
  let text: string;
  try {
    text = readFileSync(endpointPath(home), 'utf8');
  } catch {
    return undefined;
  }
  const parsed = ENDPOINT.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new OnescanError('DATA_LOSS', `${endpointPath(home)} is not an endpoint file`, {
      remedy: 'Delete it and start the stack again with onescan up',
    });
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
