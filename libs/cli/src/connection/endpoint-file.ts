import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OnescanError } from '@onescan/shared/onescan-error.js';
import { z } from 'zod';

const ENDPOINT = z.object({
  coordinator: z.string(),
  fetcher: z.string(),
  /** "host:port" of the coordinator for other clients, and the file with the token that they need. */
  tcp: z.string().optional(),
  tokenFile: z.string().optional(),
  warehouse: z.string(),
  /** Process id of each service by its name. */
  services: z.record(z.string(), z.number()),
  /** Process that supervises the stack. */
  pid: z.number(),
  startedAt: z.string(),
});

/** Where a local stack listens, as `onescan up` leaves it for the other verbs. */
export type Endpoint = z.infer<typeof ENDPOINT>;

/** The file of a stack with this home folder. */
export function endpointPath(home: string): string {
  return join(home, 'endpoint.json');
}

/** Writes the file by rename, so a reader never sees half of it. */
export function writeEndpoint(home: string, endpoint: Endpoint): void {
  const path = endpointPath(home);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.partial`, `${JSON.stringify(endpoint, null, 2)}\n`);
  renameSync(`${path}.partial`, path);
}

/** Removes the file. */
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
  return isAlive(parsed.data.pid) ? parsed.data : undefined;
}

/** True when a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
